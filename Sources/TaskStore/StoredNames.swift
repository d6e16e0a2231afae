internal import Foundation

/// Lists of names as one column keeps them: JSON.
enum StoredNames {
    static func text(_ names: [String]) -> String {
        let data = try? JSONEncoder().encode(names.map { StoredText.clean($0) })
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    /// None for what is no such list.
    static func names(in text: String?) -> [String] {
        text.flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) } ?? []
    }
}
