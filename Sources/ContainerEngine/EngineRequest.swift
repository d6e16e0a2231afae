import FoundationEssentials
internal import HTTPTransport

/// A request to the engine before it becomes HTTP: path segments and query encoded, names checked.
struct EngineRequest {
    let operation: EngineOperation
    let method: HTTPRequest.Method
    let path: String
    var query: [(String, String)] = []
    var headers: HTTPHeaders = [:]
    var body: HTTPRequest.Body = .none
    var limits = HTTPRequest.Limits()
    /// The id or name in the path.
    var subject: String?
    /// Whether the path gets the version before it.
    var isVersioned = true
    /// Whether a connection that is open already won't do.
    var needsNewConnection = false

    init(_ operation: EngineOperation, _ method: HTTPRequest.Method, _ path: String) {
        self.operation = operation
        self.method = method
        self.path = path
    }

    /// The value as JSON in the body.
    mutating func setJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        body = .bytes([UInt8](try encoder.encode(value)))
        headers.append("Content-Type", "application/json")
    }

    /// A parameter that is JSON itself, such as `filters`.
    mutating func addFilters(_ filters: [String: [String]]) {
        guard !filters.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(filters) else { return }
        query.append(("filters", String(decoding: json, as: UTF8.self)))
    }

    func http(prefix: String) -> HTTPRequest {
        var target = (isVersioned ? prefix : "") + path
        let pairs = query.map { "\($0.percentEncoded())=\($1.percentEncoded())" }
        if !pairs.isEmpty { target += "?" + pairs.joined(separator: "&") }
        var request = HTTPRequest(method, target, headers: headers, body: body, limits: limits)
        request.needsNewConnection = needsNewConnection
        return request
    }
}

extension String {
    /// Everything but unreserved characters as `%XX`; `keeping` names ASCII characters that stay.
    func percentEncoded(keeping: String = "") -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in utf8 {
            let isUnreserved =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "~"):
                    true
                default: keeping.utf8.contains(byte)
                }
            if isUnreserved {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
