internal import Hummingbird

/// The read-only routes that monitoring uses, on the control socket and on TCP.
enum HealthRoutes {
    static func add(to router: Router<BasicRequestContext>, target: any ControlTarget) {
        // Answering at all is the proof of life.
        router.get("livez") { _, _ in try Response.json(Health(reasons: [])) }
        router.get("readyz") { _, _ in
            let health = Health(reasons: target.reasonsNotReady())
            return try Response.json(health, status: health.reasons.isEmpty ? .ok : .serviceUnavailable)
        }
        router.get("health") { _, _ in
            let health = Health(reasons: target.reasonsNotReady(), supervisor: target.summary())
            return try Response.json(health, status: health.reasons.isEmpty ? .ok : .serviceUnavailable)
        }
        router.get("queue/status") { _, _ in try Response.json(try await target.queueStatus()) }
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await target.metricsText())))
        }
    }
}
