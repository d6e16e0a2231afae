package import FoundationEssentials
internal import HTTPTransport

extension EngineClient {
    /// Attaches to a container's output. `POST /containers/{id}/attach?stream=1`
    ///
    /// Open it before the start: then no byte is lost, also of a container that exits at once and of a last line without
    /// an end. Podman makes the container's process ready meanwhile and reports an unusable command here.
    ///
    /// - Throws: `not_found`; on Podman what else a start throws.
    package func attach(_ id: String) async throws(EngineError) -> AttachStream {
        var request = container(.attachContainer, .post, id, "/attach")
        request.query = [("stream", "1"), ("stdout", "1"), ("stderr", "1")]
        request.limits = .init(total: nil, head: .seconds(30))
        return AttachStream(stream: try await open(request), client: self, path: request.path)
    }

    /// Output that the engine has kept. `GET /containers/{id}/logs`, never following: that loses data on both engines.
    ///
    /// - Parameters:
    ///   - tail: only so many last lines (long ones count in pieces).
    ///   - since: only what came then or later; Podman rounds down to seconds, so that pieces may come again.
    ///   - limit: bytes; more is an error.
    /// - Throws: `unsupported` when the engine keeps none; `not_found`.
    package func logs(_ id: String, tail: Int? = nil, since: Date? = nil, limit: Int = 64 << 20)
        async throws(EngineError) -> [LogFrame]
    {
        var request = container(.containerLogs, .get, id, "/logs")
        request.query = [("stdout", "1"), ("stderr", "1")]
        if let tail { request.query.append(("tail", String(tail))) }
        if let since { request.query.append(("since", EngineTime.query(since))) }
        request.limits = .init(total: .seconds(60), responseBytes: limit)
        let response = try await call(request)
        var decoder = LogFrameDecoder()
        decoder.append(response.body)
        var frames: [LogFrame] = []
        do throws(LogFrameDecoder.Malformed) {
            while let frame = try decoder.next(joining: AttachStream.joining) { frames.append(frame) }
        } catch {
            throw self.error(.decoding, .decoding, .containerLogs, path: request.path, error.description)
        }
        guard decoder.bufferedCount == 0 else {
            throw self.error(.decoding, .decoding, .containerLogs, path: request.path, "the logs end inside a frame")
        }
        return frames
    }
}
