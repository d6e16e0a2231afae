/// Collects bytes until the blank line that ends a request's head. Pure.
struct HeadReader {
    /// The longest head that is read, in bytes.
    static let limit = 16 << 10

    private var bytes: [UInt8] = []
    private var looked = 0

    /// Takes what came.
    ///
    /// - Returns: the head without its blank line, and what came behind it; `nil` while there is no end yet.
    /// - Throws: a refusal: what comes is no HTTP, or the head is too long.
    mutating func append(_ piece: some Sequence<UInt8>) throws(ProxyRefusal) -> (head: [UInt8], rest: [UInt8])? {
        bytes += piece
        // A TLS handshake and other protocols are told at once, not when time is up.
        if let first = bytes.first, !(UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first) { throw .garbage }
        let end = Array("\r\n\r\n".utf8)
        var index = max(0, looked - 3)
        while index + 4 <= bytes.count {
            if bytes[index] == end[0], bytes[index..<index + 4].elementsEqual(end) {
                guard index <= Self.limit else { throw Self.tooLong }
                return (Array(bytes[..<index]), Array(bytes[(index + 4)...]))
            }
            index += 1
        }
        looked = bytes.count
        guard bytes.count <= Self.limit else { throw Self.tooLong }
        return nil
    }

    private static let tooLong = ProxyRefusal(
        .headTooLarge, "the head of the request is longer than \(limit) bytes")
}
