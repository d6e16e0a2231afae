import Foundation
import Testing

/// A program on one of the product's pages, as it stands there.
enum PageExample {
    /// The block of code after the comment `example: NAME` on a page of the catalogue.
    static func code(_ name: String, on page: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("Sources/acode/acode.docc/\(page).md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let after = try #require(text.components(separatedBy: "<!-- example: \(name) -->\n").dropFirst().first)
        let lines = after.components(separatedBy: "\n")
        try #require(lines.first?.hasPrefix("```") == true)
        return lines.dropFirst().prefix { $0 != "```" }.joined(separator: "\n") + "\n"
    }
}
