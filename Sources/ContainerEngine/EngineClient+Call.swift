import FoundationEssentials
internal import HTTPTransport
internal import Logging

extension EngineClient {
    /// Sends a request and returns an answer below 400; any other is an error in the engine's words.
    func call(_ request: EngineRequest) async throws(EngineError) -> HTTPResponse {
        try await observed(request) { () async throws(EngineError) -> HTTPResponse in
            let response: HTTPResponse
            do throws(TransportError) {
                response = try await transport.send(request.http(prefix: "/v" + identity.apiVersion))
            } catch {
                throw transportError(error, request)
            }
            guard response.status < 400 else { throw statusError(response.status, response.body, request) }
            return response
        }
    }

    /// Sends a request and returns the stream of an answer below 400.
    func open(_ request: EngineRequest) async throws(EngineError) -> HTTPStream {
        try await observed(request) { () async throws(EngineError) -> HTTPStream in
            let stream: HTTPStream
            let refusal: [UInt8]
            do throws(TransportError) {
                stream = try await transport.stream(request.http(prefix: "/v" + identity.apiVersion))
                guard stream.head.status >= 400 else { return stream }
                refusal = try await stream.collect(upTo: 64 << 10)
            } catch {
                throw transportError(error, request)
            }
            throw statusError(stream.head.status, refusal, request)
        }
    }

    /// The answer's body as a value.
    func decode<Value: Decodable>(_ type: Value.Type, _ response: HTTPResponse, _ request: EngineRequest)
        throws(EngineError) -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw self.error(
                .decoding, .decoding, request.operation, path: request.path, status: response.status,
                "the answer is not what the API promises: \(Self.words(error))")
        }
    }

    /// Calls and decodes.
    func fetch<Value: Decodable>(_ type: Value.Type, _ request: EngineRequest) async throws(EngineError) -> Value {
        try decode(type, try await call(request), request)
    }

    /// An error status as an error.
    func statusError(_ status: Int, _ body: [UInt8], _ request: EngineRequest) -> EngineError {
        let words = EngineErrorClassifier.Words(body: body)
        let classifier = EngineErrorClassifier(
            kind: identity.kind, operation: request.operation, subject: request.subject)
        return error(
            classifier.classify(status: status, words: words), .status, request.operation, path: request.path,
            status: status, words.message.isEmpty ? "the engine gave no reason" : words.message)
    }

    func transportError(_ error: TransportError, _ request: EngineRequest) -> EngineError {
        EngineError(error, operation: request.operation, endpoint: endpoint.socketPath, path: request.path)
    }

    private func observed<Value>(_ request: EngineRequest, _ body: () async throws(EngineError) -> Value)
        async throws(EngineError) -> Value
    {
        let start = ContinuousClock.now
        do throws(EngineError) {
            let value = try await body()
            observer?(request.operation, start.duration(to: .now), nil)
            return value
        } catch {
            observer?(request.operation, start.duration(to: .now), error.code)
            logger.debug(
                "engine request failed",
                metadata: [
                    "engine.endpoint": "\(endpoint.socketPath)", "engine.operation": "\(request.operation.rawValue)",
                    "error.code": "\(error.code.rawValue)", "error.message": "\(error.message)",
                ])
            throw error
        }
    }

    /// A decoding error in one line: which key, and what about it.
    static func words(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let names = context.codingPath.map(\.stringValue).joined(separator: ".")
            return names.isEmpty ? "the top" : names
        }
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context): return "no \(key.stringValue) at \(path(context))"
        case .typeMismatch(let type, let context): return "\(path(context)) is no \(type)"
        case .valueNotFound(let type, let context): return "\(path(context)) has no \(type)"
        case .dataCorrupted(let context): return "\(path(context)) can't be read"
        @unknown default: return "unreadable"
        }
    }
}
