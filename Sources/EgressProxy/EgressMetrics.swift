internal import Metrics

/// What the proxies of all workers count together.
struct EgressMetrics: Sendable {
    static let shared = EgressMetrics()

    private let connections = Counter(label: "acode_egress_connections_total", dimensions: [("outcome", "connected")])
    private let denials = Counter(label: "acode_egress_connections_total", dimensions: [("outcome", "denied")])
    private let failures = Counter(label: "acode_egress_connections_total", dimensions: [("outcome", "failed")])
    private let bytesSent = Counter(label: "acode_egress_bytes_total", dimensions: [("direction", "sent")])
    private let bytesReceived = Counter(label: "acode_egress_bytes_total", dimensions: [("direction", "received")])

    func connected() { connections.increment() }

    func refused(_ refusal: ProxyRefusal) {
        (refusal.status == .forbidden ? denials : failures).increment()
    }

    func sent(_ bytes: Int) { bytesSent.increment(by: bytes) }

    func received(_ bytes: Int) { bytesReceived.increment(by: bytes) }
}
