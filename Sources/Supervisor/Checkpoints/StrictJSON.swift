/// Whether a text is JSON by RFC 8259, which Foundation is not particular about: what a task keeps is read again by programs
/// of any language. Pure.
struct StrictJSON {
    private var rest: ArraySlice<UInt8>
    /// Deeper than any program writes; parsers give up at some depth.
    private static let deepest = 256

    /// Whether `text` is one value, with white space around it or not.
    static func accepts(_ text: String) -> Bool {
        var json = StrictJSON(rest: Array(text.utf8)[...])
        return json.value(depth: 0) && json.rest.isEmpty
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: byte) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard rest.starts(with: word.utf8) else { return false }
        rest.removeFirst(word.utf8.count)
        return true
    }

    /// A value and the white space around it.
    private mutating func value(depth: Int) -> Bool {
        guard depth <= Self.deepest else { return false }
        skipSpace()
        defer { skipSpace() }
        switch rest.first {
        case UInt8(ascii: "{"): return members(depth: depth, end: "}", isObject: true)
        case UInt8(ascii: "["): return members(depth: depth, end: "]", isObject: false)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return take("true")
        case UInt8(ascii: "f"): return take("false")
        case UInt8(ascii: "n"): return take("null")
        default: return number()
        }
    }

    private mutating func members(depth: Int, end: Unicode.Scalar, isObject: Bool) -> Bool {
        rest.removeFirst()
        skipSpace()
        if skip(end) { return true }
        while true {
            if isObject {
                skipSpace()
                guard string() else { return false }
                skipSpace()
                guard skip(":") else { return false }
            }
            guard value(depth: depth + 1) else { return false }
            if skip(end) { return true }
            guard skip(",") else { return false }
        }
    }

    private mutating func string() -> Bool {
        guard skip("\"") else { return false }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = rest.popFirst() else { return false }
        if byte != UInt8(ascii: "u") { return "\"\\/bfnrt".utf8.contains(byte) }
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return digits.count == 4 && digits.allSatisfy { "0123456789abcdefABCDEF".utf8.contains($0) }
    }

    private mutating func number() -> Bool {
        _ = skip("-")
        // No zero before another digit.
        if !skip("0") { guard digits() else { return false } }
        if skip(".") { guard digits() else { return false } }
        guard skip("e") || skip("E") else { return true }
        if !skip("+") { _ = skip("-") }
        return digits()
    }

    private mutating func digits() -> Bool {
        let found = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest.dropFirst(found.count)
        return !found.isEmpty
    }
}
