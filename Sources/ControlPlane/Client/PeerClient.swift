internal import HTTPTransport

/// Asks a supervisor on another host. Each call has a deadline and throws `ControlClientError`; cancelling the calling
/// task ends the request.
package struct PeerClient: Sendable {
    private let transport: HTTPTransport
    private let token: PeerToken
    private let deadline: Duration

    /// Where it listens.
    package let address: String

    /// Makes a client; connects with the first call.
    package init(host: String, port: Int, token: PeerToken, deadline: Duration = .seconds(10)) {
        transport = HTTPTransport(host: host, port: port)
        address = transport.socketPath
        self.token = token
        self.deadline = deadline
    }

    /// A piece of an attempt's log as it is on the disk there, from a place in it on; empty at the end of what is written.
    /// `installation` is whose attempt it was, made of letters, digits and hyphens: one that is another says so.
    /// `GET /v1/tasks/{id}/attempts/{number}/log`
    package func log(
        task: String, attempt: Int, offset: Int64, installation: String? = nil
    ) async throws(ControlClientError) -> [UInt8] {
        let whose = installation.map { "&installation=\($0)" } ?? ""
        let request = HTTPRequest(
            .get, "/v1/tasks/\(task)/attempts/\(attempt)/log?offset=\(offset)\(whose)",
            headers: ["Authorization": token.header], limits: HTTPRequest.Limits(total: deadline))
        let answer: HTTPResponse
        do throws(TransportError) {
            answer = try await transport.send(request)
        } catch {
            throw ControlClientError(error, socketPath: address)
        }
        guard answer.status == 200 else {
            guard let failure = try? StableJSON.decode(FailureEnvelope.self, from: answer.body).error else {
                throw ControlClientError(.decoding, "an answer with status \(answer.status) and no reason")
            }
            throw ControlClientError(.refused, failure.message, failure: failure)
        }
        return answer.body
    }
}
