internal import HTTPTransport
package import Logging

extension EngineClient {
    /// Pings an engine and agrees with it on a version of the API. `GET /_ping`
    ///
    /// - Parameter pingTimeout: how long to wait for the answer; a stopped daemon accepts but never answers.
    /// - Throws: one of `socket_missing`, `permission_denied`, `connection_refused`, `no_answer`, `not_an_engine`,
    ///   `api_too_old`; each with its reason, and a `hint`.
    package static func connect(
        to endpoint: EngineEndpoint, pingTimeout: Duration = .seconds(3), logger: Logger,
        observer: RequestObserver? = nil
    ) async throws(EngineError) -> EngineClient {
        let transport = HTTPTransport(socketPath: endpoint.socketPath)
        func failure(_ code: EngineError.Code, _ layer: EngineError.Layer, _ message: String, _ cause: TransportError?)
            -> EngineError
        {
            transport.shutdown()
            return EngineError(
                code, layer: layer, operation: .ping, endpoint: endpoint.socketPath, path: "/_ping", message: message,
                cause: cause)
        }
        let response: HTTPResponse
        do throws(TransportError) {
            let limits = HTTPRequest.Limits(total: pingTimeout, responseBytes: 64 << 10)
            response = try await transport.send(HTTPRequest(.get, "/_ping", limits: limits))
        } catch {
            switch error.code {
            case .timedOut:
                throw failure(
                    .noAnswer, .transport, "\(endpoint.socketPath) accepts connections but gives \(error.message)",
                    error)
            case .malformedAnswer, .responseTooLarge, .noAnswer:
                throw failure(.notAnEngine, .transport, "no engine at \(endpoint.socketPath): \(error.message)", error)
            default:
                transport.shutdown()
                throw EngineError(error, operation: .ping, endpoint: endpoint.socketPath, path: "/_ping")
            }
        }
        do throws(PingAnswer.Problem) {
            let identity = try PingAnswer(response).identity
            return EngineClient(
                endpoint: endpoint, identity: identity, transport: transport, logger: logger, observer: observer)
        } catch {
            switch error {
            case .notAnEngine(let reason):
                throw failure(.notAnEngine, .decoding, "no engine at \(endpoint.socketPath): \(reason)", nil)
            case .tooOld(let theirs):
                throw failure(
                    .apiTooOld, .decoding,
                    "the engine at \(endpoint.socketPath) speaks API \(theirs); \(EngineAPIVersion.oldest) is the oldest that works",
                    nil)
            }
        }
    }

    /// Connects to the first candidate that answers.
    ///
    /// - Throws: the candidate's own error when there is one candidate, else `no_engine` with every candidate's reason.
    package static func discover(
        candidates: [EngineEndpoint], pingTimeout: Duration = .seconds(3), logger: Logger,
        observer: RequestObserver? = nil
    ) async throws(EngineError) -> EngineClient {
        var reasons: [(EngineEndpoint, EngineError)] = []
        for candidate in candidates {
            do throws(EngineError) {
                return try await connect(to: candidate, pingTimeout: pingTimeout, logger: logger, observer: observer)
            } catch {
                guard error.code != .cancelled, candidates.count > 1 else { throw error }
                logger.debug(
                    "no engine here",
                    metadata: ["engine.endpoint": "\(candidate.socketPath)", "error.code": "\(error.code.rawValue)"])
                reasons.append((candidate, error))
            }
        }
        throw noEngine(reasons)
    }

    /// The error of a search that found nothing. A socket that is there but closed to us is the likeliest mistake, so its
    /// cause wins over those that are missing.
    static func noEngine(_ reasons: [(EngineEndpoint, EngineError)]) -> EngineError {
        let decisive = reasons.first { $0.1.code != .socketMissing }
        let list = reasons.map { "\($0.0.socketPath): \($0.1.message)" }.joined(separator: "; ")
        return EngineError(
            decisive?.1.code ?? .noEngine, layer: decisive?.1.layer ?? .transport, operation: .discover,
            endpoint: decisive?.0.socketPath ?? "", message: "no container engine answers: " + list,
            cause: decisive?.1.cause)
    }
}
