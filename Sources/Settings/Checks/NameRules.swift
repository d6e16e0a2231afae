import Glibc

/// What names may look like, as checks of one text each: `nil` means nothing is wrong.
enum NameRules {
    /// A pool: part of labels and directory names.
    static func pool(_ text: String) -> ValueMistake? {
        matches(text, longest: 40, others: "-", upperCase: false)
            ? nil : ValueMistake(hint: "1 to 40 of a-z, 0-9 and -")
    }

    /// A queue or a secret: also a file name, so it can't begin with a dot.
    static func name(_ text: String) -> ValueMistake? {
        matches(text, longest: 64, others: "._-") ? nil : ValueMistake(hint: nameHint)
    }

    /// The same for a key of a mapping.
    static func key(_ text: String) -> ValueMistake? {
        name(text) == nil ? nil : ValueMistake("is not a possible name", hint: nameHint)
    }

    /// A network of an engine. Another container's network would be out of our hands, so it is refused.
    static func network(_ text: String) -> ValueMistake? {
        if text.hasPrefix("container:") { return ValueMistake("must not be the network of another container") }
        return matches(text, longest: 128, others: "._-") ? nil : ValueMistake()
    }

    /// A variable of a worker's environment.
    static func variable(_ text: String) -> ValueMistake? {
        guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "_"),
            text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") })
        else { return ValueMistake("is not a possible name of a variable", hint: "letters, digits and _ only") }
        return text.hasPrefix("ACODE_")
            ? ValueMistake("names that begin with ACODE_ are set by acode itself", hint: "use another name") : nil
    }

    /// An address of IPv4 or IPv6.
    static func address(_ text: String) -> ValueMistake? { isAddress(text) ? nil : ValueMistake() }

    /// A domain that short names are completed with.
    static func domain(_ text: String) -> ValueMistake? {
        matches(text, longest: 253, others: ".-_") ? nil : ValueMistake(hint: "as in corp.example.org")
    }

    /// A host and its address, as `name:address`.
    static func extraHost(_ text: String) -> ValueMistake? {
        guard let colon = text.firstIndex(of: ":") else { return ValueMistake(hint: "as in db.local:10.0.0.5") }
        let address = String(text[text.index(after: colon)...])
        guard matches(String(text[..<colon]), longest: 253, others: ".-_"),
            isAddress(address) || address == "host-gateway"
        else { return ValueMistake(hint: "as in db.local:10.0.0.5") }
        return nil
    }

    /// A registry's host and port.
    static func registry(_ text: String) -> ValueMistake? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, matches(String(host), longest: 253, others: ".-"),
            parts.count == 1 || parts[1].utf8.count <= 5 && UInt16(parts[1]) ?? 0 > 0
        else {
            return ValueMistake(
                "is not a registry", hint: "its host, and its port if need be, as in registry.example.com:5000")
        }
        return nil
    }

    private static let nameHint = "1 to 64 letters, digits, and . _ - after the first"

    private static func isAddress(_ text: String) -> Bool {
        var buffer = in6_addr()
        return inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
    }

    private static func matches(_ text: String, longest: Int, others: String, upperCase: Bool = true) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longest, isLetter(first) || isDigit(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            if isLetter(byte) { return upperCase || byte >= UInt8(ascii: "a") }
            return isDigit(byte) || others.utf8.contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
