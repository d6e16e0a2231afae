internal import Metrics
internal import TaskModel

/// The metrics of one worker's last measurement, by its id. They go with the worker.
struct UsageGauges: Sendable {
    private let worker: WorkerID
    private var gauges: [String: Gauge] = [:]

    init(of worker: WorkerID) { self.worker = worker }

    /// Shows a measurement. What has no value has no series.
    mutating func record(_ usage: WorkerUsage) {
        show("acode_worker_cpu_cores", usage.cpuCores)
        show("acode_worker_memory_bytes", Double(usage.memoryBytes))
        if usage.memoryLimitBytes > 0 { show("acode_worker_memory_limit_bytes", Double(usage.memoryLimitBytes)) }
        show("acode_worker_processes", Double(usage.processes))
        show("acode_worker_block_read_bytes", Double(usage.blockRead))
        show("acode_worker_block_written_bytes", Double(usage.blockWritten))
        if let received = usage.networkReceived { show("acode_worker_network_received_bytes", Double(received)) }
        if let sent = usage.networkSent { show("acode_worker_network_sent_bytes", Double(sent)) }
    }

    /// Takes the worker out of the metrics.
    func remove() { gauges.values.forEach { $0.destroy() } }

    private mutating func show(_ name: String, _ value: Double) {
        let gauge = gauges[name] ?? Gauge(label: name, dimensions: [("worker", worker.rawValue)])
        gauges[name] = gauge
        gauge.record(value)
    }
}
