import Foundation
import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

@Suite("Retention", .timeLimit(.minutes(3)))
struct RetentionTests {
    private let scratch: Scratch
    private let layout: StateLayout

    init() throws {
        scratch = try Scratch()
        layout = StateLayout(
            state: StateSettings(dir: "\(scratch.path)/state", runtimeDir: "\(scratch.path)/run"), pool: "p")
        try layout.prepare()
    }

    private func make(_ kind: String, _ task: TaskID, age: Double = 0) throws {
        let path = "\(layout.stateDirectory)/\(kind)/\(task)"
        try FileManager.default.createDirectory(atPath: "\(path)/deep", withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/1.log"))
        for file in ["\(path)/deep", "\(path)/1.log", path] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: file)
        }
    }

    /// The id of a task that was submitted so many seconds ago.
    private static func id(age: Double) -> TaskID {
        let time = String(Int64((Date().timeIntervalSince1970 - age) * 1000), radix: 16)
        let digits = String(repeating: "0", count: 12 - time.count) + time
        let rest = UUID().uuidString.lowercased().suffix(12)
        return TaskID(rawValue: "\(digits.prefix(8))-\(digits.suffix(4))-7abc-8abc-\(rest)")
    }

    private func isThere(_ kind: String, _ task: TaskID) -> Bool {
        FileManager.default.fileExists(atPath: "\(layout.stateDirectory)/\(kind)/\(task)")
    }

    private func withStore(_ body: (any TaskStore) async throws -> Void) async throws {
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/\(UUID().uuidString)/acode.sqlite")
        do { try await body(store) } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// A shared directory may have artifacts of tasks of other stores.
    @Test func artifactsElsewhereGoWithTheirTaskAndOthersStay() async throws {
        let shared = CheckpointShelf(root: "\(layout.stateDirectory)/shared")
        try await withStore { store in
            let ids = try await store.submit([TaskSpec(command: ["a"]), TaskSpec(command: ["b"])]).map(\.id)
            let stranger = Self.id(age: 1_000_000)
            _ = try await store.cancel(ids[0], reason: "unwanted")
            for id in ids + [stranger] { try make("shared", id, age: 900_000) }
            var report = RetentionPass.Report()
            let pass = RetentionPass(
                store: store, files: TaskFiles(layout: layout, keepsOutputs: false, shelf: shared))
            try await pass.prune([PruneRule([.cancelled], minAge: .zero)], &report)
            try await pass.sweep(olderThan: .seconds(60), &report)
            #expect(report.directories == [.checkpoints: 1])
            #expect(!isThere("shared", ids[0]))
            #expect(isThere("shared", ids[1]) && isThere("shared", stranger))
        }
    }

    /// Another host forgot the task, and can't reach what is here.
    @Test func artifactsElsewhereThatNameThisStoreGoWhenItHasForgottenTheirTask() async throws {
        let shared = CheckpointShelf(root: "\(layout.stateDirectory)/shared")
        let exchange = "\(scratch.path)/exchange"
        try FileManager.default.createDirectory(atPath: "\(exchange)/out", withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(exchange)/out/x"))
        func keep(_ task: TaskID, in store: String?, age: Double) throws {
            _ = try shared.keep([["x"]], from: "out", in: exchange, of: task, in: store, isOver: { false })
            // Its store is named once.
            let second = try shared.keep([["x"]], from: "out", in: exchange, of: task, in: "later", isOver: { false })
            #expect(second.earlier.count == 1)
            let path = "\(shared.root)/\(task)"
            for name in try FileManager.default.contentsOfDirectory(atPath: path).map({ "/\($0)" }) + [""] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path + name)
            }
        }
        try await withStore { store in
            let identity = try await store.identity()
            let known = try await store.submit([TaskSpec(command: ["a"])])[0].id
            let (old, young, other) = (Self.id(age: 1000), Self.id(age: 1000), Self.id(age: 1000))
            try keep(known, in: identity, age: 900)
            try keep(old, in: identity, age: 900)
            try keep(young, in: identity, age: 10)
            try keep(other, in: "another", age: 900)
            let files = TaskFiles(layout: layout, keepsOutputs: false, shelf: shared)
            var report = RetentionPass.Report()
            try await RetentionPass(store: store, files: files, isRehearsal: true).sweep(
                olderThan: .seconds(60), &report)
            #expect(report.directories == [.checkpoints: 1] && isThere("shared", old))
            report = RetentionPass.Report()
            try await RetentionPass(store: store, files: files).sweep(olderThan: .seconds(60), &report)
            #expect(report.directories == [.checkpoints: 1] && !isThere("shared", old))
            for task in [known, young, other] { #expect(isThere("shared", task)) }
        }
    }

    @Test func whatBelongsToForgottenTasksGoesAndNothingElse() async throws {
        try await withStore { store in
            let ids = try await store.submit([TaskSpec(command: ["a"]), TaskSpec(command: ["b"])]).map(\.id)
            _ = try await store.cancel(ids[0], reason: "unwanted")
            for id in ids { for kind in ["logs", "outputs", "scratch"] { try make(kind, id) } }
            var report = RetentionPass.Report()
            let rehearsal = RetentionPass(
                store: store, files: TaskFiles(layout: layout, keepsOutputs: false), isRehearsal: true)
            let rules = [PruneRule([.cancelled], minAge: .zero)]
            try await rehearsal.prune(rules, &report)
            #expect(report.tasks == [.cancelled: 1] && report.directories.isEmpty && isThere("logs", ids[0]))
            report = RetentionPass.Report()
            let pass = RetentionPass(store: store, files: TaskFiles(layout: layout, keepsOutputs: true))
            try await pass.prune(rules, &report)
            #expect(report.tasks == [.cancelled: 1] && report.directories == [.logs: 1, .scratch: 1])
            #expect(!isThere("logs", ids[0]) && !isThere("scratch", ids[0]) && isThere("outputs", ids[0]))
            for kind in ["logs", "outputs", "scratch"] { #expect(isThere(kind, ids[1])) }
        }
    }

    @Test func directoriesWhoseTaskIsGoneGoWhenTheyAreOldAndNotBefore() async throws {
        try await withStore { store in
            let known = try await store.submit([TaskSpec(command: ["a"])])[0].id
            let (old, young) = (Self.id(age: 100), Self.id(age: 100))
            let lately = TaskID.next()
            try make("logs", lately, age: 100)
            try make("logs", known, age: 100)
            try make("logs", old, age: 100)
            try make("outputs", old, age: 100)
            try make("logs", young, age: 50)
            // Old itself, but something was written in it lately.
            let busy = Self.id(age: 100)
            try make("logs", busy, age: 100)
            try Data("y".utf8).write(to: URL(fileURLWithPath: "\(layout.logs)/\(busy)/1.log"))
            let other = "\(layout.logs)/not-a-task"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -100)], ofItemAtPath: other)
            var report = RetentionPass.Report()
            let pass = RetentionPass(store: store, files: TaskFiles(layout: layout, keepsOutputs: false))
            try await pass.sweep(olderThan: .seconds(75), &report)
            #expect(report.directories == [.logs: 1, .outputs: 1] && report.tasks.isEmpty)
            #expect(!isThere("logs", old) && !isThere("outputs", old))
            #expect(isThere("logs", known) && isThere("logs", young) && isThere("logs", busy))
            #expect(isThere("logs", lately))
            #expect(FileManager.default.fileExists(atPath: other))
        }
    }

    @Test func whereAnotherStoreWasUsedUnknownLogsStayLonger() async throws {
        var settings = RetentionSettings()
        settings.complete = .seconds(60)
        func age(_ store: any TaskStore) async throws -> Duration? {
            let pass = RetentionPass(store: store, files: TaskFiles(layout: layout, keepsOutputs: false))
            return try await pass.orphanAge(settings, layout)
        }
        var ages: [Duration?] = []
        try await withStore { first in
            for _ in 1...2 { ages.append(try await age(first)) }
            try await withStore { second in
                for store in [second, first] { ages.append(try await age(store)) }
                settings.deadLetters = nil
                ages.append(try await age(first))
            }
        }
        #expect(ages == [.seconds(60), .seconds(60), .seconds(30 * 86_400), .seconds(30 * 86_400), nil])
    }

    @Test func logsThatWereThereBeforeAnyStoreWasNotedMayBeOfAny() async throws {
        try make("logs", .next())
        try await withStore { store in
            let pass = RetentionPass(store: store, files: TaskFiles(layout: layout, keepsOutputs: false))
            let age = try await pass.orphanAge(RetentionSettings(), layout)
            #expect(age == RetentionSettings().deadLetters)
        }
    }

    @Test func theSettingsBecomeRules() {
        var settings = RetentionSettings()
        settings.complete = nil
        settings.maxEnded = 10
        settings.maxDeadLetters = 1
        let counts = [
            QueueCount(queue: "a", state: .complete, count: 8), QueueCount(queue: "b", state: .cancelled, count: 5),
            QueueCount(queue: "a", state: .error, count: 1), QueueCount(queue: "a", state: .enqueued, count: 99),
        ]
        #expect(
            RetentionRules.rules(settings, counts: counts) == [
                PruneRule([.complete, .resolvedManually], minAge: nil),
                PruneRule([.cancelled], minAge: .seconds(7 * 86_400)),
                PruneRule([.complete, .cancelled, .resolvedManually], minAge: nil, surplus: 3),
                PruneRule([.error], minAge: .seconds(30 * 86_400)),
            ])
        let only = RetentionRules.rules(settings, counts: counts, only: [.error])
        #expect(only.flatMap(\.states) == [.error])
    }
}
