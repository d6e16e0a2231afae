internal import HTTPTransport

/// The output of a container while it is written: every byte from the moment of the attach on, for one reader.
///
/// Its end says only that the connection ended: the container may have exited, or the engine may have gone. Inspect.
/// A reader that does not read makes the container's writes block, once about 1 MiB waits; so read on whatever happens,
/// and drop or spill elsewhere. `close` and letting go detach; the container does not notice.
package final class AttachStream: AsyncSequence, Sendable {
    package typealias Element = LogFrame
    package typealias Failure = EngineError

    /// Frames are joined up to this many bytes.
    static let joining = 256 << 10

    private let stream: HTTPStream
    private let failed: @Sendable (EngineError.Code, EngineError.Layer, String) -> EngineError

    init(stream: HTTPStream, client: EngineClient, path: String) {
        self.stream = stream
        failed = { code, layer, message in client.error(code, layer, .attachContainer, path: path, message) }
    }

    /// Detaches; a reader gets `cancelled`.
    package func close() { stream.close() }

    /// Reads frame by frame. Make one only.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let attach: AttachStream
        private var decoder = LogFrameDecoder()
        private var isCut = false

        fileprivate init(_ attach: AttachStream) { self.attach = attach }

        /// The next piece of output, `nil` at the end of the connection.
        ///
        /// - Throws: `connection_lost` when the connection broke, or ended inside a frame (what there is of it comes first);
        ///   `decoding` when the stream is not framed; `cancelled`.
        package mutating func next() async throws(EngineError) -> LogFrame? {
            while true {
                do throws(LogFrameDecoder.Malformed) {
                    if let frame = try decoder.next(joining: AttachStream.joining) {
                        if frame.bytes.isEmpty { continue }
                        return frame
                    }
                } catch {
                    throw attach.failed(.decoding, .decoding, error.description)
                }
                let bytes: [UInt8]?
                do throws(TransportError) {
                    bytes = try await attach.stream.next()
                } catch {
                    if error.code != .cancelled, let rest = decoder.takeCutFrame() { return rest }
                    throw attach.failed(
                        error.code == .cancelled ? .cancelled : .connectionLost, .transport, error.description)
                }
                guard let bytes else {
                    if decoder.bufferedCount > 0 {
                        isCut = true
                        if let rest = decoder.takeCutFrame() { return rest }
                    }
                    if isCut { throw attach.failed(.connectionLost, .transport, "the output ended inside a frame") }
                    return nil
                }
                decoder.append(bytes)
            }
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(EngineError) -> LogFrame? {
            try await next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// Hands every piece to `body` until the connection ends. Because `body` can't wait, the container never does.
    ///
    /// - Parameter body: called in order; must not block.
    package func drain(_ body: (LogFrame) -> Void) async throws(EngineError) {
        var iterator = makeAsyncIterator()
        while let frame = try await iterator.next() { body(frame) }
    }
}
