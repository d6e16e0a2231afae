/// Builds the tree of one document from its events.
struct YAMLTreeBuilder: ~Copyable {
    /// A key that appears twice in one mapping.
    struct Duplicate {
        var mark: YAMLMark
        var path: String
        var firstLine: Int
    }

    /// A finished node that an alias may stand for, and how many values it is.
    private struct Anchored {
        var node: YAMLNode
        var size: Int
    }

    private var stream: YAMLEventStream
    private let limits: YAMLLimits
    private var anchors: [String: Anchored] = [:]
    private var count = 0
    private var path: [String] = []
    /// What was found twice so far; at most 100.
    private(set) var duplicates: [Duplicate] = []

    init(bytes: [UInt8], limits: YAMLLimits) throws(YAMLSyntaxError) {
        stream = try YAMLEventStream(bytes: bytes)
        self.limits = limits
    }

    /// The whole document; `nil` when the text has none. To be called once.
    mutating func document() throws(YAMLSyntaxError) -> YAMLNode? {
        _ = try stream.next()
        let start = try stream.next()
        guard case .documentStart = start.event else { return nil }
        let first = try stream.next()
        let root = try node(first, depth: 0)
        _ = try stream.next()
        let end = try stream.next()
        guard case .streamEnd = end.event else {
            throw YAMLSyntaxError(mark: end.mark, message: "a second document begins here; only one is read")
        }
        return root
    }

    private mutating func node(_ found: LocatedYAMLEvent, depth: Int) throws(YAMLSyntaxError) -> YAMLNode {
        guard found.tag == nil else {
            throw YAMLSyntaxError(mark: found.mark, message: "tags such as !!str or !include are not supported")
        }
        let sizeBefore = count
        try add(1, at: found.mark)
        let content: YAMLContent
        switch found.event {
        case .scalar(let scalar): content = .scalar(scalar)
        case .sequenceStart: content = try sequence(depth: try deeper(depth, found.mark))
        case .mappingStart: content = try mapping(depth: try deeper(depth, found.mark))
        case .alias(let name):
            // An anchor is known only when its node is finished, so nothing can contain itself.
            guard let anchored = anchors[name] else {
                throw YAMLSyntaxError(mark: found.mark, message: "nothing above is anchored as &\(name)")
            }
            try add(anchored.size, at: found.mark)
            return anchored.node
        case .documentStart, .documentEnd, .streamStart, .streamEnd, .sequenceEnd, .mappingEnd:
            throw YAMLSyntaxError(mark: found.mark, message: "a value was expected here")
        }
        let node = YAMLNode(content, at: found.mark)
        if let anchor = found.anchor { anchors[anchor] = Anchored(node: node, size: count - sizeBefore) }
        return node
    }

    private mutating func sequence(depth: Int) throws(YAMLSyntaxError) -> YAMLContent {
        var items: [YAMLNode] = []
        while true {
            let next = try stream.next()
            if case .sequenceEnd = next.event { return .sequence(items) }
            path.append("[\(items.count)]")
            items.append(try node(next, depth: depth))
            path.removeLast()
        }
    }

    private mutating func mapping(depth: Int) throws(YAMLSyntaxError) -> YAMLContent {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        while true {
            let next = try stream.next()
            if case .mappingEnd = next.event { return .mapping(entries) }
            let key = try key(next)
            path.append(path.isEmpty ? key : ".\(key)")
            if let firstLine = lines[key], duplicates.count < 100 {
                duplicates.append(Duplicate(mark: next.mark, path: path.joined(), firstLine: firstLine))
            }
            lines[key] = lines[key] ?? next.mark.line
            let value = try node(try stream.next(), depth: depth)
            path.removeLast()
            entries.append(YAMLEntry(key: key, keyMark: next.mark, value: value))
        }
    }

    private mutating func key(_ found: LocatedYAMLEvent) throws(YAMLSyntaxError) -> String {
        guard case .scalar(let scalar) = found.event, found.tag == nil, found.anchor == nil else {
            throw YAMLSyntaxError(mark: found.mark, message: "a key must be plain text")
        }
        guard !(scalar.isPlain && scalar.text == "<<") else {
            throw YAMLSyntaxError(mark: found.mark, message: "merge keys (<<) are not supported")
        }
        try add(1, at: found.mark)
        return scalar.text
    }

    private func deeper(_ depth: Int, _ mark: YAMLMark) throws(YAMLSyntaxError) -> Int {
        guard depth < limits.depth else {
            throw YAMLSyntaxError(mark: mark, message: "is nested deeper than \(limits.depth) levels")
        }
        return depth + 1
    }

    private mutating func add(_ values: Int, at mark: YAMLMark) throws(YAMLSyntaxError) {
        count += values
        guard count <= limits.nodes else {
            throw YAMLSyntaxError(mark: mark, message: "has more than \(limits.nodes) values, aliases included")
        }
    }
}
