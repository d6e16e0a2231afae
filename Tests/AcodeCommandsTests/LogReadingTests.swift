import Foundation
import Settings
import Supervisor
import Synchronization
import TaskModel
import TaskStore
import Testing

@testable import AcodeCommands

@Suite("Reading task logs", .timeLimit(.minutes(3)))
struct LogReadingTests {
    @Test(arguments: [1, 2, 7, 4096])
    func entriesComeOutWholeWhateverThePieces(size: Int) {
        var log: [UInt8] = []
        let output: [UInt8] = Array("hello\n".utf8) + [0, 10, 255, 254] + Array("no newline".utf8)
        ContainerLogFormat.append(output[...], stream: .standardOutput, time: "t", to: &log)
        ContainerLogFormat.append(Array("err\n".utf8)[...], stream: .standardError, time: "t", to: &log)
        var assembler = LogEntryAssembler()
        var entries: [ContainerLogFormat.Entry] = []
        for start in stride(from: 0, to: log.count, by: size) {
            entries += assembler.feed(log[start..<min(log.count, start + size)])
        }
        #expect(entries.filter { $0.stream == .standardOutput }.flatMap(\.bytes) == output)
        #expect(entries.filter { $0.stream == .standardError }.flatMap(\.bytes) == Array("err\n".utf8))
    }

    @Test func aLineThatIsNoEntryIsLeftOut() {
        var assembler = LogEntryAssembler()
        let entries = assembler.feed(Array("rubbish\nt stdout F good\n".utf8)[...])
        #expect(entries.map { String(decoding: $0.bytes, as: UTF8.self) } == ["good\n"])
    }

    @Test func labelledLinesOfSeveralTasksNeverMix() {
        var first = LinePrefixer(label: "a")
        var second = LinePrefixer(label: "b")
        #expect(first.feed(Array("one".utf8), .standardOutput).isEmpty)
        #expect(String(decoding: second.feed(Array("two\n".utf8), .standardOutput), as: UTF8.self) == "b | two\n")
        #expect(first.feed(Array("err".utf8), .standardError).isEmpty)
        #expect(
            String(decoding: first.feed(Array(" more\nx\n".utf8), .standardOutput), as: UTF8.self)
                == "a | one more\na | x\n")
        #expect(first.finish().map { String(decoding: $0.bytes, as: UTF8.self) } == ["a | err\n"])
        #expect(second.finish().isEmpty)
    }

    @Test func anEndlessLineIsPassedOnInPieces() {
        var prefixer = LinePrefixer(label: "a")
        let bytes = [UInt8](repeating: 0x78, count: LinePrefixer.longestLine)
        #expect(prefixer.feed(bytes, .standardOutput).count == bytes.count + "a | ".utf8.count + 1)
        #expect(prefixer.finish().isEmpty)
    }

    /// A task is claimed, writes, fails, is tried again and succeeds, all while it is followed.
    @Test func outputIsFollowedThroughARetryToTheEnd() async throws {
        try await StoreFixture.withStore { store in
            let directory = "/tmp/acode-follow-\(UInt32.random(in: 0...UInt32.max))"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let layout = StateLayout(state: .init(dir: directory, runtimeDir: directory), pool: "default")
            let spec = TaskSpec(command: ["x"], retry: RetryPolicy(maxAttempts: 2, backoff: 0))
            let task = try #require(try await store.submit([spec]).first)
            let seen = Seen()
            let (wakes, waker) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: [QueuedTask].self) { group in
                group.addTask {
                    var loop = FollowLoop(
                        store: store, followers: [TaskFollower(task, range: .from(1), sources: LogSources(layout))],
                        output: { _, entries in
                            seen.add(entries.map { String(decoding: $0.bytes, as: UTF8.self) })
                            waker.yield()
                        }, ended: { _, follower in seen.add(["ended \(follower.task.state.rawValue)"]) })
                    return try await loop.run()
                }
                for attempt in 1...2 {
                    let claim = try #require(try await store.claim(Self.request).first)
                    let log = AttemptLog(path: layout.log(task: task.id, attempt: attempt), cap: 1 << 20)
                    await log.open()
                    await log.write(Array("live \(attempt)\n".utf8)[...], stream: .standardOutput)
                    // What is written is seen while the attempt still runs.
                    for await _ in wakes { break }
                    await log.write(Array("last \(attempt)".utf8)[...], stream: .standardError)
                    _ = await log.close()
                    let result = AttemptResult(
                        outcome: attempt == 1 ? .failed : .succeeded, exitCode: attempt == 1 ? 1 : 0, reason: "r",
                        disposition: attempt == 1 ? .retry(delay: 0) : .complete)
                    let kept = try await store.finish([(lease: claim.lease, result: result)])
                    #expect(kept == [claim.lease])
                    if attempt == 1 { for await _ in wakes { break } }
                }
                let ended = try await group.next()
                #expect(ended?.map(\.state) == [.complete])
            }
            #expect(seen.all == ["live 1\n", "last 1", "live 2\n", "last 2", "ended complete"])
        }
    }

    /// Who has its address by now must not be told the token.
    @Test func aSupervisorThatIsDeadIsNotAskedForALog() async throws {
        let clock = HandClock()
        try await StoreFixture.withDirectory { directory in
            let token = "\(directory)/token"
            try Data(repeating: 0x78, count: 40).write(to: URL(fileURLWithPath: token))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
            var peers = PeerSettings()
            peers.tokenFile = token
            let layout = StateLayout(state: .init(dir: directory, runtimeDir: directory), pool: "default")
            let sources = LogSources(layout, peers: peers, lease: .seconds(90))
            try await StoreFixture.withStore(clock: clock) { store in
                var record = SupervisorRecord(
                    id: .next(), pool: "p", installation: "there", boot: "b", host: "h", pid: 1, startedAt: Date(),
                    seenAt: Date())
                record.address = "127.0.0.1:1"
                clock.now(is: -100)
                try await store.save(record)
                var attempt = TaskAttempt(
                    taskID: Sample.id, attempt: 1, supervisor: record.id, host: "h", claimedAt: Date())
                attempt.installation = "there"
                guard case .nowhere(let reason) = try await sources.source(of: attempt, store) else {
                    Issue.record("a dead supervisor would be asked")
                    return
                }
                #expect(reason == "no supervisor runs there now: none was seen for 90 s, see queue.lease")
                clock.now(is: 0)
                try await store.save(record)
                guard case .supervisor = try await sources.source(of: attempt, store) else {
                    Issue.record("a living supervisor would not be asked")
                    return
                }
            }
        }
    }

    private static let request = ClaimRequest(
        supervisor: .next(), host: ProcessInfo.processInfo.hostName, limit: 1, leaseDuration: .seconds(30),
        offersContainers: false)
}

/// What a follower was handed, in order.
private final class Seen: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ more: [String]) { texts.withLock { $0 += more } }
}
