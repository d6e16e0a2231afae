internal import ControlPlane

/// A list of things, and all forms it can be printed in.
struct Listing<Item> {
    /// The forms.
    enum Format: Equatable {
        /// For people.
        case table
        /// One id a line.
        case ids
        /// One array.
        case json
    }

    /// The things.
    var items: [Item]
    /// The columns for people.
    var columns: [Table.Column]
    /// The cells of one thing.
    var cells: (Item) -> [Table.Cell]
    /// Its id.
    var id: (Item) -> String
    /// What JSON shows of it.
    var json: (Item) -> any Encodable

    /// The list in one of its forms.
    func text(_ format: Format, usesColor: Bool) throws -> String {
        switch format {
        case .table: Table(columns: columns, rows: items.map(cells)).text(usesColor: usesColor)
        case .ids: items.map { id($0) + "\n" }.joined()
        case .json: try JSONText.pretty(items.map { EncodableValue(value: json($0)) })
        }
    }
}

extension Console {
    /// Prints a list in the form the options ask for.
    func show<Item>(_ listing: Listing<Item>, quiet: Bool = false) throws {
        let format: Listing<Item>.Format = isJSON ? .json : quiet ? .ids : .table
        print(try listing.text(format, usesColor: usesColor))
    }
}

/// JSON for printing.
enum JSONText {
    /// On several lines, with a newline at its end.
    static func pretty(_ value: some Encodable) throws -> String {
        String(decoding: try StableJSON.encode(value, isPretty: true), as: UTF8.self) + "\n"
    }

    /// On one line, with a newline at its end: for streams of values.
    static func line(_ value: some Encodable) throws -> String {
        String(decoding: try StableJSON.encode(value), as: UTF8.self) + "\n"
    }
}

/// Any value that can be encoded, as one type.
struct EncodableValue: Encodable {
    var value: any Encodable

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
