internal import Foundation
internal import Synchronization

/// Counts what was done in each second, by several tasks at once.
final class Pace: Sendable {
    /// What was counted.
    struct Report: Codable {
        /// All of it.
        let tasks: Int
        /// From the start until the last count.
        let seconds: Double
        /// In each whole second, to see whether it decays.
        let perSecond: [Int]
    }

    private struct State {
        var counts: [Int] = []
        var last: Duration = .zero
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Since the start.
    var elapsed: Duration { ContinuousClock.now - start }

    /// All that was counted.
    var tasks: Int { state.withLock { $0.counts.reduce(0, +) } }

    /// Counts `tasks` now.
    func add(_ tasks: Int) {
        let elapsed = elapsed
        state.withLock { state in
            let second = Int(elapsed / .seconds(1))
            while state.counts.count <= second { state.counts.append(0) }
            state.counts[second] += tasks
            state.last = max(state.last, elapsed)
        }
    }

    var report: Report {
        state.withLock { state in
            Report(
                tasks: state.counts.reduce(0, +), seconds: state.last / .seconds(1),
                perSecond: Array(state.counts.dropLast()))
        }
    }
}

/// Prints reports.
enum Output {
    /// One line of JSON on the standard output.
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
    }
}
