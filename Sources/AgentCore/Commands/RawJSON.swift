/// Finds values in JSON that is known to be valid, as they are written: a number keeps all of its digits. Pure.
enum RawJSON {
    /// The value of a key of the outermost object; nil when there is none.
    static func value(of key: String, in json: [UInt8]) -> ArraySlice<UInt8>? {
        var rest = json[...]
        skipSpace(&rest)
        guard rest.popFirst() == UInt8(ascii: "{") else { return nil }
        while true {
            skipSpace(&rest)
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            let name = skipString(&rest)
            skipSpace(&rest)
            guard rest.popFirst() == UInt8(ascii: ":") else { return nil }
            skipSpace(&rest)
            let value = skipValue(&rest)
            if name.dropFirst().dropLast().elementsEqual(key.utf8) { return value }
            skipSpace(&rest)
            guard rest.popFirst() == UInt8(ascii: ",") else { return nil }
        }
    }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }

    /// - Returns: the string with its quotes.
    private static func skipString(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = rest.startIndex
        var index = start + 1
        while index < rest.endIndex, rest[index] != UInt8(ascii: "\"") {
            index += rest[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(index + 1, rest.endIndex)
        defer { rest = rest[end...] }
        return rest[start..<end]
    }

    private static func skipValue(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let whole = rest
        var depth = 0
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\""): _ = skipString(&rest)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                rest.removeFirst()
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return trimmed(whole[..<rest.startIndex]) }
                depth -= 1
                rest.removeFirst()
            case UInt8(ascii: ",") where depth == 0: return trimmed(whole[..<rest.startIndex])
            default: rest.removeFirst()
            }
        }
        return trimmed(whole)
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value
        while let last = value.last, last == 0x20 || (0x09...0x0D).contains(last) { value.removeLast() }
        return value
    }
}
