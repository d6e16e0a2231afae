/// Status line and headers of an answer.
package struct HTTPResponseHead: Sendable, Equatable {
    /// The status code.
    package let status: Int
    /// The headers of the final answer, without those of a `100 Continue`.
    package let headers: HTTPHeaders

    /// Makes a head.
    package init(status: Int, headers: HTTPHeaders) {
        self.status = status
        self.headers = headers
    }
}

/// A whole answer.
package struct HTTPResponse: Sendable, Equatable {
    /// Status and headers.
    package let head: HTTPResponseHead
    /// The body, without transfer encoding.
    package let body: [UInt8]

    /// The status code.
    package var status: Int { head.status }
    /// The headers.
    package var headers: HTTPHeaders { head.headers }

    /// Makes a response.
    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
