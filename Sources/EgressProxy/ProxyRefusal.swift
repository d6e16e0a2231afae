/// Why a client of the proxy does not get what it wants, as the client is told.
struct ProxyRefusal: Error, Equatable {
    /// The status of the answer.
    enum Status: Int {
        case badRequest = 400
        case forbidden = 403
        case headTooLarge = 431
        case badGateway = 502
        case gatewayTimeout = 504

        fileprivate var words: String {
            switch self {
            case .badRequest: "Bad Request"
            case .forbidden: "Forbidden"
            case .headTooLarge: "Request Header Fields Too Large"
            case .badGateway: "Bad Gateway"
            case .gatewayTimeout: "Gateway Timeout"
            }
        }
    }

    let status: Status
    /// One sentence.
    let message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    static let garbage = ProxyRefusal(
        .badRequest, "this is an HTTP proxy: say CONNECT host:port HTTP/1.1, or ask for http://host/path")

    /// The whole answer.
    var answer: [UInt8] {
        let body = "acode: \(message)\n"
        return Array(
            ("HTTP/1.1 \(status.rawValue) \(status.words)\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)").utf8)
    }
}
