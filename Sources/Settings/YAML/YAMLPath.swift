/// One step from a node to a node in it.
enum YAMLStep: Sendable, Equatable {
    case key(String)
    case index(Int)
}

extension YAMLNode {
    /// The node some steps down, or as far down as there is one.
    subscript(steps: [YAMLStep]) -> YAMLNode {
        var node = self
        for step in steps {
            switch (step, node.content) {
            case (.index(let index), .sequence(let items)) where items.indices.contains(index): node = items[index]
            case (.key(let key), .mapping(let entries)):
                guard let entry = entries.first(where: { $0.key == key }) else { return node }
                node = entry.value
            default: return node
            }
        }
        return node
    }

    /// Steps as they are written in paths: `[0].source`.
    static func describe(_ steps: [YAMLStep]) -> String {
        steps.map { step in
            switch step {
            case .key(let key): ".\(key.shortened)"
            case .index(let index): "[\(index)]"
            }
        }.joined()
    }
}
