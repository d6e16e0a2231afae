internal import Metrics

/// Counts pulls, by the names of the Prometheus conventions. One that is retried within its limits is one pull.
struct PullMetrics: Sendable {
    private let successes = Counter(label: "acode_image_pulls_total", dimensions: [("outcome", "succeeded")])
    private let failures = Counter(label: "acode_image_pulls_total", dimensions: [("outcome", "failed")])
    private let seconds = Metrics.Timer(label: "acode_image_pull_seconds")

    /// Notes an image that is here now.
    func succeeded(after elapsed: Duration) {
        successes.increment()
        seconds.recordSeconds(elapsed / .seconds(1))
    }

    /// Notes a pull that came to nothing. One that nobody waited for any more did not fail.
    func failed(_ code: WorkerError.Code) {
        if code != .poolClosed { failures.increment() }
    }
}
