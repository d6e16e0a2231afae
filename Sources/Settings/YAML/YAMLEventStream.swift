import CLibYAML

/// What libyaml sees next in a document, copied out of its memory.
enum YAMLEvent {
    case scalar(YAMLScalar)
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
    case alias(String)
    case documentStart, documentEnd
    case streamStart, streamEnd
}

/// An event and its place, anchor and tag.
struct LocatedYAMLEvent {
    var event: YAMLEvent
    var mark: YAMLMark
    var anchor: String?
    var tag: String?
}

/// The text is not YAML.
struct YAMLSyntaxError: Error {
    var mark: YAMLMark
    var message: String
}

/// The events of one text, read by libyaml. Owns the parser and a copy of the text, which has to stay in place
/// while the parser lives.
struct YAMLEventStream: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// Starts to read; fails only when there is no memory.
    init(bytes: [UInt8]) throws(YAMLSyntaxError) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLSyntaxError(mark: YAMLMark(line: 1, column: 1), message: "there is not enough memory to read it")
        }
        self.parser = parser
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(from: bytes)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; after `streamEnd` or an error it must not be called again.
    mutating func next() throws(YAMLSyntaxError) -> LocatedYAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        return Self.copy(event)
    }

    private static func copy(_ event: yaml_event_t) -> LocatedYAMLEvent {
        var located = LocatedYAMLEvent(event: .streamEnd, mark: YAMLMark(event.start_mark))
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            located.event = .scalar(YAMLScalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE))
            located.anchor = string(scalar.anchor)
            located.tag = string(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            located.event = .sequenceStart
            located.anchor = string(event.data.sequence_start.anchor)
            located.tag = string(event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            located.event = .mappingStart
            located.anchor = string(event.data.mapping_start.anchor)
            located.tag = string(event.data.mapping_start.tag)
        case YAML_ALIAS_EVENT: located.event = .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_END_EVENT: located.event = .sequenceEnd
        case YAML_MAPPING_END_EVENT: located.event = .mappingEnd
        case YAML_DOCUMENT_START_EVENT: located.event = .documentStart
        case YAML_DOCUMENT_END_EVENT: located.event = .documentEnd
        case YAML_STREAM_START_EVENT: located.event = .streamStart
        default: located.event = .streamEnd
        }
        return located
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }

    private func syntaxError() -> YAMLSyntaxError {
        var message = parser.pointee.problem.map { String(cString: $0) } ?? "it can't be read"
        if let context = parser.pointee.context {
            message = "\(String(cString: context)) at line \(parser.pointee.context_mark.line + 1): \(message)"
        }
        // Errors of the decoder (bad UTF-8, control characters) come with a byte offset and no line.
        let mark =
            parser.pointee.error == YAML_READER_ERROR
            ? place(ofByte: parser.pointee.problem_offset) : YAMLMark(parser.pointee.problem_mark)
        return YAMLSyntaxError(mark: mark, message: message)
    }

    private func place(ofByte offset: Int) -> YAMLMark {
        let before = input.prefix(min(max(offset, 0), input.count))
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 }
        return YAMLMark(line: before.count { $0 == 0x0A } + 1, column: column + 1)
    }
}

extension YAMLMark {
    fileprivate init(_ mark: yaml_mark_t) { self.init(line: mark.line + 1, column: mark.column + 1) }
}
