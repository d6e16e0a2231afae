/// A queue that a task would wait in for ever, since the configuration declares others.
package struct UndeclaredQueue: Equatable {
    /// In plain words.
    package let message: String
    /// Which there are.
    package let hint: String

    /// `nil` for a queue that is declared, and where none is.
    package init?(_ queue: String, _ declared: [String]) {
        guard !declared.isEmpty, !declared.contains(queue) else { return nil }
        message = "there is no queue \(queue)"
        hint =
            NearestName.hint(for: queue, among: declared) ?? "queue.declared names \(declared.joined(separator: ", "))"
    }
}
