internal import ControlPlane
internal import Metrics
internal import Synchronization
internal import TaskModel

/// Metrics of queues, taken from the store when somebody asks for them. A queue or state that has no tasks any more is 0,
/// and not what it was last.
final class QueueGauges: Sendable {
    private struct Key: Hashable {
        var name: String
        var queue: String
        var state: String?
    }

    private let gauges = Mutex<[Key: Gauge]>([:])

    /// Shows what is known of the queues now.
    func record(_ queues: [QueueSummary]) {
        var values: [Key: Double] = [:]
        for row in queues {
            for (state, count) in row.counts {
                let key = Key(name: "acode_queue_depth", queue: row.queue, state: state)
                // A gauge for each state of each queue would be many; one that was shown once stays.
                if count != 0 { values[key] = Double(count) }
            }
            values[Key(name: "acode_queue_dead_letters", queue: row.queue)] = Double(row.deadLetters)
            values[Key(name: "acode_queue_oldest_waiting_seconds", queue: row.queue)] = row.oldestWaitingSeconds ?? 0
            values[Key(name: "acode_queue_paused", queue: row.queue)] = row.paused == nil ? 0 : 1
            values[Key(name: "acode_queue_consumers", queue: row.queue)] = Double(row.consumers.count)
        }
        gauges.withLock { gauges in
            for key in values.keys where gauges[key] == nil {
                let labels = [("queue", key.queue)] + (key.state.map { [("state", $0)] } ?? [])
                gauges[key] = Gauge(label: key.name, dimensions: labels)
            }
            for (key, gauge) in gauges { gauge.record(values[key] ?? 0) }
        }
    }
}
