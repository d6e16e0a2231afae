/// The syntax of image references: `[registry[:port]/]repository[:tag][@algorithm:digest]`, after the grammar of the
/// distribution project (`reference.go`).
package enum ImageReference {
    /// What is wrong with a reference, `nil` if nothing is.
    package static func mistake(in reference: String) -> ValueMistake? {
        guard !reference.isEmpty else { return ValueMistake("must not be empty", hint: "as in debian:12") }
        var rest = reference[...]
        if let at = rest.firstIndex(of: "@") {
            guard isDigest(rest[rest.index(after: at)...]) else {
                return ValueMistake("has no valid digest after @", hint: "as in debian@sha256:<64 hexadecimal digits>")
            }
            rest = rest[..<at]
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            guard isTag(rest[rest.index(after: colon)...]) else {
                return ValueMistake("has no valid tag after :", hint: "1 to 128 letters, digits, and . _ -")
            }
            rest = rest[..<colon]
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, let host = parts.first, isRegistry(host) { parts.removeFirst() }
        guard rest.utf8.count <= 255 else { return ValueMistake("is longer than 255 characters") }
        for part in parts where !isComponent(part) {
            let lowered = part.lowercased()
            return ValueMistake(
                "is not an image reference: \"\(String(part).shortened)\" can't be part of a repository name",
                hint: isComponent(lowered[...]) ? "repository names are in lower case: \(lowered)" : "as in debian:12")
        }
        return nil
    }

    /// A first part is a registry only when it can't be a repository of the default one.
    private static func isRegistry(_ part: Substring) -> Bool {
        guard part == "localhost" || part.contains(".") || part.contains(":") || part.contains(where: \.isUppercase)
        else {
            return false
        }
        let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
        guard pieces.count <= 2, pieces.count == 1 || (1...5 ~= pieces[1].count && pieces[1].allSatisfy(isDigit)) else {
            return false
        }
        return pieces[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.allSatisfy { isLower($0) || isDigit($0) || "A"..."Z" ~= $0 || $0 == "-" }
        }
    }

    /// Lower-case words joined by `.`, `_`, `__` or any number of `-`.
    private static func isComponent(_ part: Substring) -> Bool {
        guard let first = part.first, let last = part.last, first.isWordCharacter, last.isWordCharacter else {
            return false
        }
        for separator in part.split(whereSeparator: \.isWordCharacter)
        where !(separator == "." || separator == "_" || separator == "__" || separator.allSatisfy { $0 == "-" }) {
            return false
        }
        return true
    }

    private static func isTag(_ tag: Substring) -> Bool {
        guard let first = tag.first, tag.utf8.count <= 128, first != ".", first != "-" else { return false }
        return tag.allSatisfy { isLower($0) || isDigit($0) || "A"..."Z" ~= $0 || "._-".contains($0) }
    }

    private static func isDigest(_ digest: Substring) -> Bool {
        let parts = digest.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].first, isLower(first), parts[1].utf8.count >= 32 else {
            return false
        }
        return parts[0].allSatisfy { isLower($0) || isDigit($0) || "+._-".contains($0) }
            && parts[1].allSatisfy { isDigit($0) || "a"..."f" ~= $0 }
    }

    private static func isLower(_ character: Character) -> Bool { "a"..."z" ~= character }

    private static func isDigit(_ character: Character) -> Bool { "0"..."9" ~= character }
}

extension Character {
    /// Whether a word of a repository name may have it.
    fileprivate var isWordCharacter: Bool { "a"..."z" ~= self || "0"..."9" ~= self }
}
