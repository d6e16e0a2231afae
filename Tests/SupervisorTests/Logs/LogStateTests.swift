import Foundation
import Glibc
import TestSupport
import Testing

@testable import Supervisor

@Suite("Log state", .timeLimit(.minutes(3)))
struct LogStateTests {
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/logs/t/1.log" }
    private var statePath: String { "\(scratch.path)/log" }

    init() throws { scratch = try Scratch() }

    private static let full: LogState = {
        var state = LogState(token: -42)
        state.position = OutputPosition(
            output: .init(offset: 7, covered: 1), errors: .init(offset: .max - 1, covered: 2))
        (state.headSize, state.headBytes, state.unreported) = (1 << 40, 99, 5)
        state.older = .init(number: 2, size: 11, bytes: 10)
        state.current = .init(number: 1, size: 3, bytes: 2)
        state.summary = AttemptLog.Summary(bytes: 1, leftOut: 2, unwritten: 3)
        state.isComplete = true
        return state
    }()

    @Test(arguments: [full, LogState(token: .max)])
    func whatIsKeptIsRead(_ state: LogState) {
        #expect(state.bytes.count == LogState.length)
        #expect(LogState(state.bytes) == state)
    }

    @Test func anythingElseIsNoState() {
        #expect(LogState([]) == nil)
        #expect(LogState(Array(Self.full.bytes.dropLast())) == nil)
        #expect(LogState([UInt8](repeating: 0, count: LogState.length)) == nil)
    }

    private func append(_ text: String, to path: String) throws {
        guard let handle = FileHandle(forWritingAtPath: path) else { return }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Cap in bytes, size of one write: without a tail, with one that was never rotated, with many rotations.
    @Test(arguments: [(1 << 20, 10), (1000, 10), (1000, 333), (4000, 77), (1000, 1)])
    func aLogThatIsLeftAnywhereIsWrittenOnExactly(cap: Int, piece: Int) async throws {
        let output = (0..<300).flatMap { Array("line \(10_000 + $0)\n".utf8) }
        let starts = Array(stride(from: 0, to: output.count, by: piece))
        func write(_ log: AttemptLog, _ starts: ArraySlice<Int>) async {
            for start in starts {
                let end = min(start + piece, output.count)
                let position = OutputPosition(output: .init(offset: UInt64(end)), errors: .init(offset: UInt64(end)))
                await log.write(output[start..<end], stream: .standardOutput, upTo: position)
            }
        }
        let whole = AttemptLog(path: "\(scratch.path)/whole.log", cap: cap)
        await write(whole, starts[...])
        let expected = await whole.close()

        for share in [0, 1, 2, 5, 9] {
            let cut = starts.count * share / 10
            let first = AttemptLog(path: path, cap: cap)
            await first.open()
            first.keepState(at: statePath, token: 1)
            await write(first, starts[..<cut])
            await first.leave()
            // Nor what came too late, which is sent again.
            await first.write(Array("late\n".utf8)[...], stream: .standardOutput, upTo: OutputPosition())
            // What was written but not noted when the process died is not there afterwards.
            for name in ["", ".tail.1", ".tail.2"] { try append("half an entry", to: path + name) }
            let second = AttemptLog(path: path, cap: cap)
            let position = await second.resume(stateAt: statePath, token: 1)
            #expect(position.resumeOffset == UInt64(cut == 0 ? 0 : starts[cut - 1] + piece))
            await write(second, starts[cut...])
            #expect(await second.close() == expected)
            let (one, other) = (try LogReader(path), try LogReader("\(scratch.path)/whole.log"))
            #expect(one.bytes() == other.bytes())
            #expect(one.markers == other.markers)
            #expect(!FileManager.default.fileExists(atPath: path + ".tail.1"))
            #expect(!FileManager.default.fileExists(atPath: path + ".tail.2"))
        }
    }

    @Test func anotherAttemptsStateIsNotBelieved() async throws {
        let first = AttemptLog(path: path, cap: 1000)
        first.keepState(at: statePath, token: 1)
        await first.write(
            Array("old".utf8)[...], stream: .standardOutput,
            upTo: OutputPosition(output: .init(offset: 3), errors: .init(offset: 3)))
        await first.leave()
        let second = AttemptLog(path: path, cap: 1000)
        #expect(await second.resume(stateAt: statePath, token: 2) == OutputPosition())
        #expect(await second.resume(stateAt: "\(scratch.path)/none", token: 2) == OutputPosition())
    }

    /// Killed after the log was closed and before the end was recorded.
    @Test func aCompleteLogStaysAsItIs() async throws {
        let first = AttemptLog(path: path, cap: 1000)
        first.keepState(at: statePath, token: 1)
        await first.write(
            Array("all\n".utf8)[...], stream: .standardOutput,
            upTo: OutputPosition(output: .init(offset: 4), errors: .init(offset: 4)))
        let summary = await first.close()
        let second = AttemptLog(path: path, cap: 1000)
        #expect(await second.resume(stateAt: statePath, token: 1).resumeOffset == 4)
        #expect(await second.close() == summary)
        #expect(try LogReader(path).bytes() == Array("all\n".utf8))
    }
}
