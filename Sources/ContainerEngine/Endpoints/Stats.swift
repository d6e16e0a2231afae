internal import FoundationEssentials
internal import HTTPTransport

extension EngineClient {
    /// One container's counters, `nil` when it does not run. `GET /containers/{id}/stats?stream=false&one-shot=true`
    ///
    /// Takes about a second on Docker before version 29, milliseconds on Podman.
    ///
    /// - Throws: `not_found`.
    package func stats(_ id: String) async throws(EngineError) -> ContainerStatsSample? {
        var request = container(.statsContainer, .get, id, "/stats")
        request.query = [("stream", "false"), ("one-shot", "true")]
        request.limits.total = .seconds(10)
        let response = try await call(request)
        // Podman answers nothing at all for a container that does not run.
        guard !response.body.isEmpty else { return nil }
        return try decode(StatsWire.self, response, request).sample(id: id, quirks: quirks)
    }

    /// The counters of these running containers in one call, `nil` where the engine has no such call.
    /// `GET /libpod/containers/stats?stream=false` (Podman)
    ///
    /// - Parameter ids: empty for all running containers of the engine.
    package func bulkStats(_ ids: [String] = []) async throws(EngineError) -> [ContainerStatsSample]? {
        guard let path = quirks.bulkStatsPath else { return nil }
        var request = EngineRequest(.bulkStats, .get, path)
        request.isVersioned = false
        request.query = [("stream", "false")] + ids.map { ("containers", $0) }
        request.limits.total = .seconds(10)
        let readAt = Date()
        return try await fetch(BulkStatsWire.self, request).Stats?.map { $0.sample(readAt: readAt, quirks: quirks) }
            ?? []
    }
}
