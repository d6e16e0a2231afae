internal import Foundation
internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A running program whose outputs go to files, so they can be read while it runs and are kept when a test fails.
/// Valid inside the closure of `with` only.
package final class ChildProcess: Sendable {
    /// Its process id; not reused as long as the closure runs, because nobody reaps it before.
    package let pid: Int32
    /// The file that holds standard output.
    package let outputPath: String
    /// The file that holds standard error.
    package let errorPath: String
    private let line: String

    private init(pid: Int32, line: String, outputPath: String, errorPath: String) {
        self.pid = pid
        self.line = line
        self.outputPath = outputPath
        self.errorPath = errorPath
    }

    /// What it wrote to standard output so far.
    package var output: [UInt8] { Self.read(outputPath) }
    /// What it wrote to standard error so far, as text.
    package var errorText: String { String(decoding: Self.read(errorPath), as: UTF8.self) }
    /// Whether it has ended.
    package var hasEnded: Bool { ProcessTable.isEnded(pid) }

    /// Sends a signal.
    package func send(_ signal: Int32) { kill(pid, signal) }

    /// Waits for its end.
    ///
    /// - Throws: `NotInTime` with what it wrote.
    package func waitForEnd(within limit: Duration) async throws {
        try await eventually(
            "the end of `\(line)`", within: limit, every: .milliseconds(5),
            seen: { "stderr: \(self.errorText.suffix(3000))" },
            holds: { self.hasEnded })
    }

    /// Runs a program to its end.
    ///
    /// - Throws: `UnexpectedEnd` when it has not ended after `limit`; it is killed then.
    package static func run(_ plan: ProcessPlan, logs: String, within limit: Duration) async throws -> FinishedProcess {
        let (_, finished) = try await with(plan, logs: logs, stop: SIGKILL, grace: .seconds(5)) { process in
            try? await process.waitForEnd(within: limit)
        }
        if finished.wasStopped { throw UnexpectedEnd(process: finished.process) }
        return finished.process
    }

    /// Runs a tool of the tests to its end, whose outputs nobody needs afterwards.
    ///
    /// - Throws: `UnexpectedEnd` when it failed, or has not ended after `limit`.
    package static func tool(_ plan: ProcessPlan, within limit: Duration) async throws -> FinishedProcess {
        let directory = "\(NSTemporaryDirectory())/acode-tool-\(counter.next())-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try await run(plan, logs: directory, within: limit).succeeded()
    }

    /// A program's end and how it came about.
    package struct Ending: Sendable {
        /// What ended.
        package var process: FinishedProcess
        /// Whether it still ran when the closure returned.
        package var wasStopped: Bool
    }

    /// Runs a program while `body` runs. When `body` is done and the program is not, it gets `stop`, and after `grace`
    /// SIGKILL.
    ///
    /// - Throws: what `body` throws, after the program has ended; an error of starting it.
    package static func with<Value: Sendable>(
        _ plan: ProcessPlan, logs: String, stop: Int32 = SIGTERM, grace: Duration,
        _ body: (ChildProcess) async throws -> Value
    ) async throws -> (Value, Ending) {
        let name = "\(logs)/\(Self.nextName(plan))"
        let (outputPath, errorPath) = ("\(name).out", "\(name).err")
        let input = try openInput(plan.input, path: "\(name).in")
        let output = try create(outputPath)
        let error = try create(errorPath)
        let variables = plan.environment.map { (Environment.Key(stringLiteral: $0), $1) }
        let started = ContinuousClock.now
        let result = try await Subprocess.run(
            .path(FilePath(plan.executable)), arguments: Arguments(plan.arguments),
            environment: .custom(Dictionary(uniqueKeysWithValues: variables)),
            workingDirectory: plan.directory.map { FilePath($0) }, platformOptions: options(plan),
            input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .fileDescriptor(output, closeAfterSpawningProcess: true),
            error: .fileDescriptor(error, closeAfterSpawningProcess: true)
        ) { execution in
            let process = ChildProcess(
                pid: execution.processIdentifier.value, line: plan.line, outputPath: outputPath, errorPath: errorPath)
            let outcome: Result<Value, any Swift.Error>
            do { outcome = .success(try await body(process)) } catch { outcome = .failure(error) }
            let wasStopped = !process.hasEnded
            let wasForced = wasStopped ? await process.end(stop, grace: grace) : false
            return Closing(outcome: outcome, wasStopped: wasStopped, wasForced: wasForced, elapsed: .now - started)
        }
        let closing = result.closureResult
        var code: Int32 = 0
        var signal: Int32?
        switch result.terminationStatus {
        case .exited(let exit): code = exit
        case .signaled(let number): (code, signal) = (128 + number, number)
        }
        let finished = FinishedProcess(
            line: plan.line, code: code, signal: signal, wasForced: closing.wasForced, output: read(outputPath),
            errorBytes: read(errorPath), elapsed: closing.elapsed)
        return (try closing.outcome.get(), Ending(process: finished, wasStopped: closing.wasStopped))
    }

    // MARK: Parts

    private struct Closing<Value: Sendable>: Sendable {
        var outcome: Result<Value, any Swift.Error>
        var wasStopped: Bool
        var wasForced: Bool
        var elapsed: Duration
    }

    /// Ends it and returns whether SIGKILL was needed. Goes on when the test is cancelled: nothing may be left running.
    private func end(_ signal: Int32, grace: Duration) async -> Bool {
        send(signal)
        let deadline = ContinuousClock.now.advanced(by: grace)
        while !hasEnded, ContinuousClock.now < deadline { await Self.pause() }
        if hasEnded { return false }
        send(SIGKILL)
        return true
    }

    private static func pause() async {
        // A cancelled task's sleep returns at once, which would make the loop above spin.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(10)) { @Sendable in continuation.resume()
            }
        }
    }

    private static func options(_ plan: ProcessPlan) -> PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        if let user = plan.user {
            options.userID = user
            options.groupID = user
            options.supplementaryGroups = []
        }
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .milliseconds(100))]
        return options
    }

    private static func openInput(_ input: ProcessPlan.Input, path: String) throws -> FileDescriptor {
        switch input {
        case .nothing: return try FileDescriptor.open("/dev/null", .readOnly)
        case .file(let path): return try FileDescriptor.open(FilePath(path), .readOnly)
        case .bytes(let bytes):
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return try FileDescriptor.open(FilePath(path), .readOnly)
        }
    }

    private static func create(_ path: String) throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
    }

    private static func read(_ path: String) -> [UInt8] {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
    }

    /// Sorts by start: `0012-acode-task-submit`.
    private static func nextName(_ plan: ProcessPlan) -> String {
        let number = String(counter.next())
        let words = plan.line.split(separator: " ").prefix(3).joined(separator: "-")
        let safe = words.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }
        return String(repeating: "0", count: max(0, 4 - number.count)) + number + "-" + String(safe.prefix(40))
    }

    private static let counter = Counter()
}
