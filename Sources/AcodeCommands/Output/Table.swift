/// A table for people: aligned columns, two spaces apart, a header in capitals.
struct Table: Equatable {
    /// One column.
    struct Column: Equatable {
        var title: String
        var isRight = false
    }

    /// One cell.
    struct Cell: Equatable, ExpressibleByStringLiteral {
        var text: String
        var style: TextStyle = .plain

        init(_ text: String, _ style: TextStyle = .plain) {
            self.text = text
            self.style = style
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    var columns: [Column]
    var rows: [[Cell]] = []

    /// The lines, each ended by a newline; empty cells show as `-`.
    func text(usesColor: Bool) -> String {
        let cells = rows.map { row in row.map { Cell($0.text.isEmpty ? "-" : $0.text.onOneLine, $0.style) } }
        var widths = columns.map { $0.title.displayWidth }
        for row in cells {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.text.displayWidth) }
        }
        var lines = [line(columns.map { Cell($0.title.uppercased(), .bold) }, widths, usesColor)]
        lines += cells.map { line($0, widths, usesColor) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ usesColor: Bool) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let isLast = index == cells.count - 1
            let styled = usesColor ? cell.style.apply(to: cell.text) : cell.text
            let gap = String(repeating: " ", count: max(0, widths[index] - cell.text.displayWidth))
            if columns[index].isRight {
                text += gap + styled
            } else {
                text += isLast ? styled : styled + gap
            }
            if !isLast { text += "  " }
        }
        return text
    }
}

/// How a word looks on a terminal.
enum TextStyle: Equatable {
    case plain, bold, dim, good, bad, attention, active

    /// The text with the codes around it (ECMA-48, Select Graphic Rendition).
    func apply(to text: String) -> String {
        let code: String
        switch self {
        case .plain: return text
        case .bold: code = "1"
        case .dim: code = "2"
        case .good: code = "32"
        case .bad: code = "31"
        case .attention: code = "33"
        case .active: code = "36"
        }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

extension String {
    /// With spaces after it up to a width in characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - displayWidth)) }

    /// Columns on a terminal, near enough: one a character.
    var displayWidth: Int { count }

    /// Without control characters, which would break a table or reach into the terminal.
    var onOneLine: String {
        guard unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) else {
            return self
        }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : $0 }))
    }

    /// At most `length` characters; a longer text ends in an ellipsis.
    func shortened(to length: Int) -> String { count <= length ? self : prefix(length - 1) + "…" }
}
