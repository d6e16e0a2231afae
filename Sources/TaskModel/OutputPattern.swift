/// A text to be found within one line, where `*` stands for any characters. The work is at most the length of the output
/// times that of the pattern, whatever both are.
struct OutputPattern {
    private let parts: [[UInt8]]

    init(_ text: String) {
        parts = text.utf8.split(separator: UInt8(ascii: "*")).map(Array.init)
    }

    /// Whether a line of `output` holds it.
    func isFound(in output: String) -> Bool {
        Array(output.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).contains(where: isIn)
    }

    /// Takes each part where it is found first: what comes after has the most room then.
    private func isIn(_ line: ArraySlice<UInt8>) -> Bool {
        var rest = line
        for part in parts {
            guard let end = Self.end(of: part, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    private static func end(of part: [UInt8], in line: ArraySlice<UInt8>) -> Int? {
        guard line.count >= part.count else { return nil }
        for start in line.startIndex...(line.endIndex - part.count)
        where line[start] == part[0] && line[start..<(start + part.count)].elementsEqual(part) {
            return start + part.count
        }
        return nil
    }
}
