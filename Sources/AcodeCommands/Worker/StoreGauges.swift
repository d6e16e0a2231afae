internal import Metrics
internal import Synchronization
internal import TaskStore

/// The connections to a server as metrics. They are read when somebody asks for them.
final class StoreGauges: Sendable {
    /// What the counters have been told.
    private let told = Mutex((openings: 0, failures: 0))
    private let openings = Counter(label: "acode_store_breaker_openings_total")
    private let failures = Counter(label: "acode_store_connection_failures_total")

    func record(_ now: StoreConnections) {
        for (state, count) in [("idle", now.idle), ("used", now.used), ("waiting", now.waiting)] {
            Gauge(label: "acode_store_connections", dimensions: [("state", state)]).record(count)
        }
        Gauge(label: "acode_store_breaker_open").record(now.isBreakerOpen ? 1 : 0)
        told.withLock { told in
            openings.increment(by: max(0, now.breakerOpenings - told.openings))
            failures.increment(by: max(0, now.failures - told.failures))
            told = (now.breakerOpenings, now.failures)
        }
    }
}
