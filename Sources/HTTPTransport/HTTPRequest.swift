/// One HTTP request to the server behind the socket.
package struct HTTPRequest: Sendable {
    /// The methods in use.
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What is sent after the head.
    package enum Body: Sendable {
        /// Nothing.
        case none
        /// These bytes; they are copied once.
        case bytes([UInt8])
        /// A file, read while it is sent; its size when the request starts is the content length.
        case file(path: String)
        /// What a writer hands over piece by piece, in chunked encoding.
        case writer(HTTPBodyWriter)
    }

    /// Times and sizes after which a request fails instead of waiting or growing. `nil` means no limit.
    package struct Limits: Sendable, Equatable {
        /// From the call to the last byte: `timed_out` after it.
        package var total: Duration?
        /// From the call to the end of the answer's head.
        package var head: Duration?
        /// Between two pieces of the answer, or of the body sent. Time in which the reader of a stream does not read, or
        /// a body's writer does not write, does not count.
        package var idle: Duration?
        /// The largest body `send` collects, in bytes.
        package var responseBytes: Int
        /// How many bytes of a stream wait for their reader before the server is made to wait.
        package var bufferedBytes: Int

        /// Limits for a short exchange: 30 s in all, 16 MiB of answer, 1 MiB of a stream in memory.
        package init(
            total: Duration? = .seconds(30), head: Duration? = nil, idle: Duration? = nil,
            responseBytes: Int = 16 << 20, bufferedBytes: Int = 1 << 20
        ) {
            self.total = total
            self.head = head
            self.idle = idle
            self.responseBytes = responseBytes
            self.bufferedBytes = bufferedBytes
        }
    }

    /// The method.
    package var method: Method
    /// Path and query, percent-encoded, beginning with `/`.
    package var target: String
    /// Headers besides `Host: localhost` and those that frame the body.
    package var headers: HTTPHeaders
    /// The body.
    package var body: Body
    /// Times and sizes.
    package var limits: Limits
    /// Whether it must be a new connection: a server that is ending answers on old ones while it refuses new ones.
    package var needsNewConnection = false

    /// Makes a request.
    package init(
        _ method: Method, _ target: String, headers: HTTPHeaders = [:], body: Body = .none, limits: Limits = Limits()
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.limits = limits
    }

    /// What keeps the request from being sent: a target or header that would break out of its line.
    var problem: TransportError? {
        func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }
        guard target.hasPrefix("/"), isPlain(target), !target.utf8.contains(0x20) else {
            return TransportError(.invalidRequest, "the request's target is not an encoded path")
        }
        for field in headers.fields where !isPlain(field.name) || !isPlain(field.value) || field.name.isEmpty {
            return TransportError(.invalidRequest, "a header of the request holds a control character")
        }
        return nil
    }

    /// Whether an answerless request may be sent again on a new connection.
    ///
    /// libcurl does that by itself for connections it reuses; a POST, which may have been carried out, therefore always
    /// gets a connection of its own (some 50 µs on a Unix socket).
    var isRepeatable: Bool {
        switch (method, body) {
        case (.post, _), (_, .file), (_, .writer): false
        case (.get, _), (.head, _), (.put, _), (.delete, _): true
        }
    }
}
