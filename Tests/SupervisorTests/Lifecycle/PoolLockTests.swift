import Foundation
import Glibc
import TestSupport
import Testing

@testable import Supervisor

@Suite("Pool lock", .timeLimit(.minutes(3)))
struct PoolLockTests {
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/lock" }

    init() throws { scratch = try Scratch() }

    private func refusal() -> SupervisorError? {
        do throws(SupervisorError) {
            try PoolLock(paths: [path], pool: "p").release()
            return nil
        } catch {
            return error
        }
    }

    @Test func aSecondTakerIsRefusedWithTheOwnersPid() throws {
        let lock = try PoolLock(paths: [path], pool: "p")
        let error = refusal()
        #expect(error?.code == .poolBusy)
        #expect(error?.message.contains("pid \(getpid())") == true)
        #expect(error?.hint?.contains("--pool p") == true)
        lock.release()
        #expect(refusal() == nil)
    }

    @Test func ofSeveralLocksAllOrNoneAreTaken() throws {
        let other = "\(scratch.path)/other"
        let lock = try PoolLock(paths: [path], pool: "p")
        #expect(throws: SupervisorError.self) { try PoolLock(paths: [other, path], pool: "p") }
        try PoolLock(paths: [other], pool: "p").release()
        lock.release()
        let both = try PoolLock(paths: [other, path], pool: "p")
        #expect(refusal()?.code == .poolBusy)
        both.release()
        #expect(refusal() == nil)
    }

    @Test func aShorterPidReplacesALongerOneWhole() throws {
        try Data("99999999999".utf8).write(to: URL(fileURLWithPath: path))
        let lock = try PoolLock(paths: [path], pool: "p")
        defer { lock.release() }
        #expect(FileManager.default.contents(atPath: path) == Data("\(getpid())".utf8))
    }

    @Test func theEndOfAProcessFreesItsLock() async throws {
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        holder.arguments = ["--no-fork", "--exclusive", path, "/bin/sleep", "1000"]
        try holder.run()
        // Not by taking the lock, which would leave this process's pid in the file: it has it when it becomes `sleep`.
        try await eventually("the other process's lock") {
            FileManager.default.contents(atPath: "/proc/\(holder.processIdentifier)/comm") == Data("sleep\n".utf8)
        }
        #expect(refusal()?.code == .poolBusy)
        #expect(refusal()?.message.contains("pid unknown") == true)
        kill(holder.processIdentifier, SIGKILL)
        try await eventually("the free lock") { refusal() == nil }
        try await eventually("the other process's end") { !holder.isRunning }
    }

    /// A task of a local worker must not keep the lock of a supervisor that died.
    @Test func childrenDoNotInheritTheLock() async throws {
        let lock = try PoolLock(paths: [path], pool: "p")
        // posix_spawn(3) as it is: Foundation's own would close what is not meant for the child.
        var child: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("1000"), nil]
        defer { for argument in arguments { free(argument) } }
        try #require(posix_spawn(&child, "/bin/sleep", nil, nil, &arguments, nil) == 0)
        defer {
            kill(child, SIGKILL)
            var status: Int32 = 0
            waitpid(child, &status, 0)
        }
        lock.release()
        // Not at once: other tests start processes too, which hold everything between their fork and their exec.
        try await eventually("the free lock") { refusal() == nil }
    }

    @Test func aPlaceThatCanNotBeOpenedIsNamed() {
        do throws(SupervisorError) {
            _ = try PoolLock(paths: ["\(scratch.path)/no/lock"], pool: "p")
            Issue.record("opened")
        } catch {
            #expect(error.code == .stateUnusable)
            #expect(error.message.contains("\(scratch.path)/no/lock"))
        }
    }
}

@Suite("Shutdown request", .timeLimit(.minutes(3)))
struct ShutdownRequestTests {
    @Test func theLevelOnlyRises() {
        let request = ShutdownRequest()
        #expect(request.level == nil)
        let levels: [ShutdownRequest.Level] = [.drain, .graceful, .drain, .force, .graceful, .drain]
        let seen = levels.map { level in
            request.request(level)
            return request.level
        }
        #expect(seen == [.drain, .graceful, .graceful, .force, .force, .force])
    }

    @Test(arguments: [ShutdownRequest.Level.drain, .graceful, .force])
    func aRequestWakesAllWhoWaitForAtMostThat(_ level: ShutdownRequest.Level) async {
        let request = ShutdownRequest()
        request.request(level)
        for lower in [ShutdownRequest.Level.drain, .graceful, .force] where lower <= level {
            await request.wait(for: lower)
        }
        #expect(request.level == level)
    }

    @Test func aCancelledWaitReturns() async {
        let request = ShutdownRequest()
        let task = Task { await request.wait(for: .drain) }
        task.cancel()
        await task.value
        #expect(request.level == nil)
    }
}
