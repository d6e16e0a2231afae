internal import Hummingbird

/// What can be asked of the supervisor as a whole; only on the control socket.
enum SupervisorRoutes {
    static func add(to router: Router<BasicRequestContext>, target: any ControlTarget) {
        router.get("v1/status") { _, _ in try Response.json(target.summary()) }
        router.post("v1/wake") { _, _ in
            target.wake()
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/check") { _, _ in
            target.checkLeases()
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/stop") { request, _ in
            target.shutDown(force: try await StopBody.read(request).force)
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/gc") { request, _ in
            let buffer = try await request.body.collect(upTo: RequestLimits.bodyBytes)
            let wish = try StableJSON.decode(GarbageRequest.self, from: Array(buffer.readableBytesView))
            return try Response.json(try await target.collectGarbage(dryRun: wish.dryRun))
        }
        router.post("v1/handover") { request, _ in
            let buffer = try await request.body.collect(upTo: RequestLimits.bodyBytes)
            let wish = try StableJSON.decode(HandoverRequest.self, from: Array(buffer.readableBytesView))
            try await target.handOver(within: .seconds(min(max(wish.limitSeconds, 0), HandoverRequest.longest)))
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/scale") { request, _ in
            let buffer = try await request.body.collect(upTo: RequestLimits.bodyBytes)
            let scale = try StableJSON.decode(ScaleRequest.self, from: Array(buffer.readableBytesView))
            guard 0...256 ~= scale.count else {
                throw ControlFailure(.badRequest, "count is a number of workers from 0 to 256")
            }
            try target.scale(to: scale.count)
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/drain") { _, _ in
            target.drain()
            return try Response.json(Accepted(), status: .accepted)
        }
    }
}

/// The optional body of the routes that stop something.
enum StopBody {
    /// The body, graceful when there is none.
    ///
    /// - Throws: an error with status 413 when it is too large, `DecodingError` when it is something else.
    static func read(_ request: Request) async throws -> StopRequest {
        let buffer = try await request.body.collect(upTo: RequestLimits.bodyBytes)
        guard buffer.readableBytes > 0 else { return StopRequest(force: false) }
        return try StableJSON.decode(StopRequest.self, from: Array(buffer.readableBytesView))
    }
}
