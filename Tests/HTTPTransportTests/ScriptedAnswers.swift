import Foundation
import HTTPTransport
import TestSupport

/// An answer with a length.
func answer(_ body: String, status: Int = 200) -> String {
    "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// One chunk of a chunked body.
func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

let chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
let endlessHead = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"

/// Serves requests with one script, and gives `body` a transport to it.
func withServer<Result>(
    _ script: @escaping @Sendable (UnixConnection) -> Void,
    _ body: (HTTPTransport, UnixListener) async throws -> Result
) async throws -> Result {
    let listener = try UnixListener(handler: script)
    defer { listener.stop() }
    let transport = HTTPTransport(socketPath: listener.socketPath)
    defer { transport.shutdown() }
    return try await body(transport, listener)
}

/// Polls until `condition` holds; false when it does not within `limit`.
func eventually(within limit: Duration = .seconds(5), _ condition: () -> Bool) async -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while !condition() {
        guard ContinuousClock.now < end else { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}

/// The transport error of a request that must fail.
func failure<Value>(_ body: () async throws(TransportError) -> Value) async -> TransportError? {
    do throws(TransportError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
