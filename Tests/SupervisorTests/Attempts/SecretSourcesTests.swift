import Foundation
import Glibc
import Settings
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Secret sources", .timeLimit(.minutes(3)))
struct SecretSourcesTests {
    private static let value = "correct-horse-battery"
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func read(_ source: SecretSource) async throws(WorkerError) -> [UInt8]? {
        try await SecretSources(["token": source]).read(["token"])["token"]
    }

    /// The error of a secret that can't be read; the value must be in none of its texts.
    private func failure(_ source: SecretSource) async -> WorkerError? {
        do throws(WorkerError) {
            _ = try await read(source)
            return nil
        } catch {
            let texts = [error.message, error.description, String(describing: error), String(reflecting: error)]
            for text in texts { #expect(!text.contains(Self.value)) }
            #expect(error.message.contains("token"))
            return error
        }
    }

    @Test func aFilesContentIsTheValueByteForByte() async throws {
        let bytes: [UInt8] = [0, 10, 255, 13, 10]
        try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/s"))
        #expect(try await read(.file("\(scratch.path)/s")) == bytes)
    }

    @Test func aVariablesContentIsTheValue() async throws {
        setenv("ACODE_UNIT_SECRET", Self.value, 1)
        defer { unsetenv("ACODE_UNIT_SECRET") }
        #expect(try await read(.environment("ACODE_UNIT_SECRET")) == Array(Self.value.utf8))
    }

    @Test func aCommandsOutputIsTheValue() async throws {
        #expect(try await read(.command(["printf", "a\\nb"])) == Array("a\nb".utf8))
    }

    @Test func onlyTheNamedOnesAreRead() async throws {
        let sources = SecretSources(["a": .command(["printf", "1"]), "b": .file("/no/such/file")])
        #expect(try await sources.read(["a"]) == ["a": [0x31]])
        #expect(try await sources.read([]) == [:])
    }

    @Test func anUnknownNameIsAMistakeInTheConfiguration() async {
        await #expect(throws: WorkerError.self) { try await SecretSources([:]).read(["token"]) }
        do throws(WorkerError) { _ = try await SecretSources([:]).read(["token"]) } catch {
            #expect(error.code == .configurationRefused)
        }
    }

    @Test func whatCanNotBeReadIsTheHostsFault() async {
        #expect(await failure(.file("\(scratch.path)/missing"))?.code == .host)
        #expect(await failure(.file(scratch.path))?.code == .host)
        #expect(await failure(.environment("ACODE_UNIT_NO_SUCH_VARIABLE"))?.code == .host)
        #expect(await failure(.command(["/no/such/program"]))?.code == .host)
        #expect(await failure(.command([]))?.code == .host)
    }

    @Test func aCommandThatFailsSaysNothingOfWhatItPrinted() async {
        #expect(await failure(.command(["sh", "-c", "echo \(Self.value); exit 3"]))?.code == .host)
        #expect(await failure(.command(["sh", "-c", "echo \(Self.value) >&2; exit 3"]))?.code == .host)
    }

    @Test func aValueAboveAMebibyteIsRefused() async throws {
        let large = Data(repeating: 0x61, count: (1 << 20) + 1)
        try large.write(to: URL(fileURLWithPath: "\(scratch.path)/large"))
        #expect(await failure(.file("\(scratch.path)/large"))?.code == .host)
        #expect(await failure(.command(["cat", "\(scratch.path)/large"]))?.code == .host)
    }

    /// An attempt must not wait for ever for a password prompt nobody sees.
    @Test func aCommandThatHangsIsEnded() async {
        let sources = SecretSources(["token": .command(["sleep", "1000"])], commandLimit: .milliseconds(200))
        let begun = ContinuousClock.now
        await #expect(throws: WorkerError.self) { try await sources.read(["token"]) }
        #expect(ContinuousClock.now - begun < .seconds(30))
    }

    /// Reads a secret from a script that writes a pid to `pid`, stops the read when it has, and returns the pid.
    private func stopped(_ script: String) async throws -> Int32 {
        let stop = OneShot<StopIntent>()
        let sources = SecretSources(["token": .command(["sh", "-c", script])], commandLimit: .seconds(600))
        let reading = Task { try await sources.read(["token"], stop: stop) }
        let pid: Int32 = try await eventually("the pid") {
            let text = FileManager.default.contents(atPath: "\(scratch.path)/pid") ?? Data()
            return text.last == 0x0a ? Int32(String(decoding: text.dropLast(), as: UTF8.self)) : nil
        }
        let begun = ContinuousClock.now
        stop.set(.shutdown)
        let error = await #expect(throws: WorkerError.self) { try await reading.value }
        #expect(error?.code == .poolClosed)
        #expect(ContinuousClock.now - begun < .seconds(30))
        return pid
    }

    @Test func aCommandThatHangsIsEndedWithWhatItStarted() async throws {
        let pid = try await stopped("sleep 1000 & echo $! > \(scratch.path)/pid; wait")
        try await eventually("the end of \(pid)") { !isRunning(pid) }
    }

    @Test func aProcessThatLeftItsSessionIsNotWaitedFor() async throws {
        let pid = try await stopped("setsid sh -c 'echo $$ > \(scratch.path)/pid; exec sleep 1000' & sleep 1000")
        #expect(isRunning(pid))
        kill(pid, SIGKILL)
    }

    /// Three commands of 30 s each must not make an attempt wait for 90 s.
    @Test func allCommandsOfAnAttemptShareOneLimit() async {
        let hanging = SecretSource.command(["sleep", "1000"])
        let quick = SecretSource.command(["sh", "-c", "sleep 0.2; echo 1"])
        let sources = SecretSources(["a": quick, "b": quick, "c": hanging], commandLimit: .milliseconds(300))
        await #expect(throws: WorkerError.self) { try await sources.read(["a", "b"]) }
        await #expect(throws: WorkerError.self) { try await sources.read(["c"]) }
    }

    @Test func aStopEndsTheWaitForACommand() async {
        let stop = OneShot<StopIntent>()
        stop.set(.shutdown)
        do throws(WorkerError) {
            _ = try await SecretSources(["token": .command(["sleep", "1000"])]).read(["token"], stop: stop)
            Issue.record("read")
        } catch {
            #expect(error.code == .poolClosed)
        }
    }

    /// Nobody writes to it: opening it the usual way would wait for ever.
    @Test func whatIsNoRegularFileIsNotRead() async throws {
        try #require(mkfifo("\(scratch.path)/pipe", 0o600) == 0)
        #expect(await failure(.file("\(scratch.path)/pipe"))?.code == .host)
        #expect(await failure(.file("/dev/zero"))?.code == .host)
    }

    private func isRunning(_ pid: Int32) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
        return String(decoding: data, as: UTF8.self).split(separator: ")").last?.hasPrefix(" Z") == false
    }
}
