/// HTTP/1.1 to one server on a Unix socket or a TCP port, by libcurl on a thread of its own.
///
/// No call blocks the calling thread. Connections are kept and used again. No proxy, no redirects, no signals, nothing
/// from the environment. Cancelling the calling task ends the request and closes its connection.
package final class HTTPTransport: Sendable {
    /// The longest path that fits a socket address, in bytes.
    package static let longestSocketPath = 107

    /// Where the server listens: the path of its socket, or `host:port`.
    package let socketPath: String
    let loop: CurlLoop

    /// Makes a transport; connects with the first request.
    package init(socketPath: String) {
        self.socketPath = socketPath
        loop = CurlLoop(place: .socket(socketPath))
        loop.start()
    }

    /// Makes a transport to a TCP port; connects with the first request. What is sent can be read on the way.
    package init(host: String, port: Int) {
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        socketPath = authority
        loop = CurlLoop(place: .port(authority))
        loop.start()
    }

    deinit { loop.submit(.shutDown) }

    /// Sends a request and collects the whole answer, of any status.
    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let exchange = Exchange(request, delivery: .whole(limit: request.limits.responseBytes))
        try await perform(exchange, until: .end)
        return try exchange.takeWhole()
    }

    /// Sends a request and returns when the answer's head is there, of any status.
    package func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
        let exchange = Exchange(request, delivery: .stream(bufferLimit: request.limits.bufferedBytes))
        try await perform(exchange, until: .head)
        return HTTPStream(head: try exchange.takeHead(), exchange: exchange, transport: self)
    }

    /// Ends every request with `shut_down` and lets the thread end. Requests after it fail at once. Does not wait.
    package func shutdown() { loop.submit(.shutDown) }

    private func perform(_ exchange: Exchange, until milestone: Exchange.Milestone) async throws(TransportError) {
        if case .socket = loop.place, socketPath.utf8.count > Self.longestSocketPath {
            throw TransportError(
                .invalidRequest, "the socket's path is longer than \(Self.longestSocketPath) bytes: \(socketPath)")
        }
        // Else the connection might be opened before the cancellation is heard of.
        if Task.isCancelled { throw .cancelled }
        if case .writer(let writer) = exchange.request.body {
            writer.onWake { [weak loop, weak exchange] in
                if let loop, let exchange { loop.submit(.resumeSending(exchange)) }
            }
        }
        loop.submit(.start(exchange))
        await exchange.wait(for: milestone) { [loop] in loop.cancel(exchange) }
    }
}
