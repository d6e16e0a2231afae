import FoundationEssentials
internal import HTTPTransport

/// What happens in the engine, as it happens, for one reader; see `EngineEvent` for what it is worth.
///
/// It ends when the engine closes it. After its end or an error: ping, list, inspect, then open a new one.
package final class EventStream: AsyncSequence, Sendable {
    package typealias Element = EngineEvent
    package typealias Failure = EngineError

    private let stream: HTTPStream
    private let failed: @Sendable (EngineError.Code, EngineError.Layer, String) -> EngineError

    init(stream: HTTPStream, client: EngineClient) {
        self.stream = stream
        failed = { code, layer, message in client.error(code, layer, .events, path: "/events", message) }
    }

    /// Closes it; a reader gets `cancelled`.
    package func close() { stream.close() }

    /// Reads event by event. Make one only.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let events: EventStream
        private var lines = LineDecoder()
        private let json = JSONDecoder()

        fileprivate init(_ events: EventStream) { self.events = events }

        /// The next event, `nil` at the clean end. Waits without a limit: nothing may happen for days.
        package mutating func next() async throws(EngineError) -> EngineEvent? {
            while true {
                do {
                    if let line = try lines.next() { return try json.decode(EngineEvent.self, from: Data(line)) }
                } catch {
                    throw events.failed(.decoding, .decoding, "an event can't be read: \(EngineClient.words(error))")
                }
                do throws(TransportError) {
                    guard let bytes = try await events.stream.next() else { return nil }
                    lines.append(bytes)
                } catch {
                    throw events.failed(
                        error.code == .cancelled ? .cancelled : .connectionLost, .transport, error.description)
                }
            }
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(EngineError) -> EngineEvent? {
            try await next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
