/// Makes any text safe to keep in a database column: databases end or refuse texts at NUL, and a reason may quote
/// whatever a command or an engine printed.
enum StoredText {
    /// The longest text kept, in UTF-8 bytes.
    static let maxBytes = 16384

    /// `text` with NUL shown as `␀`, cut at `maxBytes` with a mark.
    static func clean(_ text: String) -> String {
        var kept = text
        if kept.utf8.count > maxBytes {
            var end = kept.utf8.index(kept.startIndex, offsetBy: maxBytes)
            while end.samePosition(in: kept.unicodeScalars) == nil { end = kept.utf8.index(before: end) }
            kept = kept[..<end] + "… (cut)"
        }
        return withoutNUL(kept)
    }

    /// As `clean`, but whole however long it is.
    static func cleanNUL(_ text: String?) -> String? { text.map { withoutNUL($0) } }

    private static func withoutNUL(_ kept: String) -> String {
        guard kept.utf8.contains(0) else { return kept }
        return String(String.UnicodeScalarView(kept.unicodeScalars.map { $0 == "\0" ? "␀" : $0 }))
    }

    /// As `clean`, for a text that may be absent.
    static func clean(_ text: String?) -> String? { text.map { clean($0) } }
}
