/// An answer whose body is read while it comes.
///
/// The body is a sequence of pieces for one reader; it ends cleanly only when the server ended the answer cleanly, else
/// it throws (`connection_cut`, `timed_out`, …) after the last piece that came. While the reader does not read, at most
/// the request's `bufferedBytes` wait in memory and the server is made to wait. `close`, letting go of the stream, or
/// cancelling the reading task closes the connection.
package final class HTTPStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = TransportError

    /// Status and headers.
    package let head: HTTPResponseHead
    private let exchange: Exchange
    /// Keeps the thread that serves this stream.
    private let transport: HTTPTransport

    init(head: HTTPResponseHead, exchange: Exchange, transport: HTTPTransport) {
        self.head = head
        self.exchange = exchange
        self.transport = transport
    }

    deinit { transport.loop.cancel(exchange) }

    /// Ends the transfer and closes its connection; a reader gets `cancelled`.
    package func close() { transport.loop.cancel(exchange) }

    /// The next piece of the body, `nil` at its clean end. Waits within the request's limits.
    package func next() async throws(TransportError) -> [UInt8]? {
        await exchange.wait(for: .bytes) { [exchange, loop = transport.loop] in loop.cancel(exchange) }
        let (bytes, resume) = try exchange.takeBytes()
        if resume { transport.loop.submit(.resumeReceiving(exchange)) }
        return bytes
    }

    /// Reads the rest of the body, at most `limit` bytes: for the text of an error.
    package func collect(upTo limit: Int) async throws(TransportError) -> [UInt8] {
        var body: [UInt8] = []
        while body.count < limit, let piece = try await next() { body.append(contentsOf: piece) }
        if body.count > limit { body.removeSubrange(limit...) }
        return body
    }

    /// Reads piece by piece.
    package struct AsyncIterator: AsyncIteratorProtocol {
        let stream: HTTPStream

        package mutating func next() async throws(TransportError) -> [UInt8]? { try await stream.next() }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(TransportError) -> [UInt8]? {
            try await stream.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }
}
