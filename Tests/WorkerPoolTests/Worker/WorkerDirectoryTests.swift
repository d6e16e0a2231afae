import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Worker directory")
struct WorkerDirectoryTests {
    private let scratch: Scratch
    private let directory: WorkerDirectory

    init() throws {
        scratch = try Scratch()
        directory = WorkerDirectory(
            runtimeDirectory: "\(scratch.path)/run", stateDirectory: "\(scratch.path)/state",
            worker: WorkerID(rawValue: "w1"))
    }

    @Test func onlyTheSupervisorReachesTheDirectories() throws {
        try directory.create(owner: nil)
        #expect(try Scratch.status(directory.root) == (0o700, getuid()))
        #expect(try Scratch.status(directory.agent) == (0o755, getuid()))
        #expect(try Scratch.status(directory.secrets) == (0o700, getuid()))
        #expect(try Scratch.status(directory.workspace) == (0o700, getuid()))
        #expect(directory.root == "\(scratch.path)/run/w/w1")
        #expect(directory.socket == "\(scratch.path)/run/w/w1/agent/agent.sock")
        #expect(try Scratch.status(directory.store) == (0o700, getuid()))
        #expect(try Scratch.status(directory.outputs) == (0o700, getuid()))
        #expect(directory.workspace == "\(scratch.path)/state/workers/w1/work")
    }

    @Test(.enabled(if: getuid() == 0)) func theContainersUserOwnsSecretsAndWorkspace() throws {
        try directory.create(owner: 1234)
        #expect(try Scratch.status(directory.root) == (0o700, 0))
        #expect(try Scratch.status(directory.secrets) == (0o700, 1234))
        #expect(try Scratch.status(directory.workspace) == (0o700, 1234))
        #expect(try Scratch.status(directory.exchange) == (0o700, 1234))
        #expect(try Scratch.status(directory.outputs) == (0o700, 1234))
        #expect(try Scratch.status(directory.store) == (0o700, 0))
    }

    @Test(.enabled(if: getuid() == 0)) func aSecretIsReadableByItsOwnerAlone() throws {
        try directory.create(owner: 1234)
        try directory.write(["token": Array("s3cret".utf8), "empty": []], owner: 1234)
        #expect(try Scratch.status("\(directory.secrets)/token") == (0o400, 1234))
        #expect(FileManager.default.contents(atPath: "\(directory.secrets)/token") == Data("s3cret".utf8))
        #expect(FileManager.default.contents(atPath: "\(directory.secrets)/empty") == Data())
    }

    @Test func secretsAreGoneAfterTheAttempt() throws {
        try directory.create(owner: nil)
        try directory.write(["a": [1], "b": [2]], owner: nil)
        directory.removeSecrets()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.secrets) == [])
    }

    @Test func aSecretThatCanNotBeWrittenIsNamedWithoutItsValue() throws {
        let error = #expect(throws: WorkerError.self) {
            try directory.write(["token": Array("s3cret".utf8)], owner: nil)
        }
        #expect(error?.code == .host)
        #expect(error?.message.contains("token") == true)
        #expect(error?.message.contains("s3cret") == false)
    }

    @Test func theWorkspaceIsEmptiedOfEverything() throws {
        try directory.create(owner: nil)
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(directory.workspace)/deep/er", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: "\(directory.workspace)/.hidden"))
        try manager.createSymbolicLink(
            atPath: "\(directory.workspace)/link", withDestinationPath: "\(scratch.path)/state")
        #expect(directory.emptyWorkspace(owner: nil))
        #expect(try manager.contentsOfDirectory(atPath: directory.workspace) == [])
        #expect(scratch.exists("state"))
    }

    @Test func theTaskFileIsWrittenAnewWhateverIsThere() throws {
        try directory.create(owner: nil)
        let (manager, path) = (FileManager.default, directory.taskFile)
        let other = "\(scratch.path)/other"
        try Data("mine".utf8).write(to: URL(fileURLWithPath: other))
        try directory.writeTask(Array("{\"the\":\"first and longest\"}".utf8))
        let spoilers: [() throws -> Void] = [
            {},
            { try manager.removeItem(atPath: path) },
            {
                try manager.removeItem(atPath: path)
                try manager.createSymbolicLink(atPath: path, withDestinationPath: other)
            },
            {
                try manager.removeItem(atPath: path)
                try manager.linkItem(atPath: other, toPath: path)
            },
            {
                try manager.removeItem(atPath: path)
                #expect(mkfifo(path, 0o666) == 0)
            },
            { try manager.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path) },
        ]
        for (number, spoil) in spoilers.enumerated() {
            try spoil()
            try directory.writeTask(Array("{\"n\":\(number)}".utf8))
            #expect(manager.contents(atPath: path) == Data("{\"n\":\(number)}".utf8), "\(number)")
            #expect(try Scratch.status(path).mode == 0o444, "\(number)")
        }
        #expect(manager.contents(atPath: other) == Data("mine".utf8))
    }

    @Test func theExchangeIsAsItWasWhateverATaskDidToIt() throws {
        try directory.create(owner: nil)
        let manager = FileManager.default
        let spoilers: [() throws -> Void] = [
            {},
            { try Data([1]).write(to: URL(fileURLWithPath: "\(directory.outputs)/x")) },
            { try Data([1]).write(to: URL(fileURLWithPath: directory.resultFile)) },
            { try manager.setAttributes([.posixPermissions: 0o000], ofItemAtPath: directory.outputs) },
            { try manager.removeItem(atPath: directory.outputs) },
            {
                try manager.removeItem(atPath: directory.outputs)
                try manager.createSymbolicLink(atPath: directory.outputs, withDestinationPath: directory.root)
            },
            { try Data([1]).write(to: URL(fileURLWithPath: "\(directory.temporary)/x")) },
        ]
        for spoil in spoilers {
            try spoil()
            #expect(directory.emptyExchange(owner: nil))
            #expect(try manager.contentsOfDirectory(atPath: directory.exchange) == ["output"])
            #expect(try Scratch.status(directory.outputs).mode == 0o700)
            #expect(try manager.contentsOfDirectory(atPath: directory.outputs) == [])
            #expect(try manager.contentsOfDirectory(atPath: directory.temporary) == [])
        }
        #expect(scratch.exists("run/w/w1/agent"))
    }

    @Test func secretsElsewhereAreForTheSupervisorAloneAndGoWithTheWorker() throws {
        let base = "\(scratch.path)/acode-0/installation/pool"
        let (one, other) = (directory(base, "w1"), directory(base, "w2"))
        try one.create(owner: nil)
        try other.create(owner: nil)
        #expect(one.secrets == "\(base)/w1")
        for path in ["acode-0", "acode-0/installation", "acode-0/installation/pool", "acode-0/installation/pool/w1"] {
            #expect(try Scratch.status("\(scratch.path)/\(path)") == (0o700, getuid()))
        }
        one.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: base) == ["w2"])
        other.remove()
        #expect(!scratch.exists("acode-0"))
        // What somebody else put there is not used.
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/acode-0", withIntermediateDirectories: false)
        chmod("\(scratch.path)/acode-0", 0o777)
        #expect(throws: WorkerError.self) { try directory(base, "w3").create(owner: nil) }
    }

    private func directory(_ secrets: String, _ worker: String) -> WorkerDirectory {
        WorkerDirectory(
            runtimeDirectory: "\(scratch.path)/run", stateDirectory: "\(scratch.path)/state", secretsDirectory: secrets,
            worker: WorkerID(rawValue: worker))
    }

    @Test func nothingIsLeftAfterRemoval() throws {
        try directory.create(owner: nil)
        directory.remove()
        #expect(!scratch.exists("run/w/w1"))
        #expect(!scratch.exists("state/workers/w1"))
        directory.remove()
    }

    /// The kernel takes 107 bytes; the rest of the path after the runtime directory is fixed.
    @Test(arguments: [(107, true), (108, false)])
    func aSocketPathTheKernelWouldRefuseIsRefusedFirst(length: Int, isFine: Bool) throws {
        let fixed = "/w/w1/agent/agent.sock".utf8.count
        let padding = String(repeating: "x", count: length - fixed - scratch.path.utf8.count - 1)
        let directory = WorkerDirectory(
            runtimeDirectory: "\(scratch.path)/\(padding)", stateDirectory: scratch.path,
            worker: WorkerID(rawValue: "w1"))
        try #require(directory.socket.utf8.count == length)
        guard !isFine else { return try directory.create(owner: nil) }
        let error = #expect(throws: WorkerError.self) { try directory.create(owner: nil) }
        #expect(error?.code == .host)
        #expect(error?.message.contains("state.runtimeDir") == true)
        #expect(!scratch.exists(padding))
    }

    @Test func aPlaceThatIsAFileIsReportedWithItsPath() throws {
        try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/run"))
        let error = #expect(throws: WorkerError.self) { try directory.create(owner: nil) }
        #expect(error?.code == .host)
        #expect(error?.message.contains(directory.root) == true)
    }
}
