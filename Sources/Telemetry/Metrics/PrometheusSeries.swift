import CoreMetrics
import Synchronization

/// A value that only grows.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    private let value = Mutex(0.0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    /// Adds; a counter never goes down, so what is not above zero is left out.
    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0 += amount }
    }

    func reset() { value.withLock { $0 = 0 } }

    var current: Double { value.withLock { $0 } }
}

/// A value that goes up and down.
final class GaugeSeries: RecorderHandler, MeterHandler {
    private let value = Mutex(0.0)

    func record(_ value: Int64) { set(Double(value)) }

    func record(_ value: Double) { set(value) }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { self.value.withLock { $0 = value } }

    func increment(by amount: Double) { value.withLock { $0 += amount } }

    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    var current: Double { value.withLock { $0 } }
}

/// A distribution of values over fixed buckets.
final class HistogramSeries: RecorderHandler, TimerHandler {
    /// What a histogram has seen.
    struct Snapshot: Equatable {
        /// Values up to each bound, and one more for those above all bounds; not cumulative.
        var counts: [UInt64]
        var sum: Double
    }

    /// The upper bounds, ascending, without infinity.
    let bounds: [Double]
    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    func record(_ value: Int64) { record(Double(value)) }

    /// Counts a value; what is no number is left out, because it would make the sum no number for ever.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    /// Counts a duration in seconds, the base unit.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var current: Snapshot { state.withLock { $0 } }
}
