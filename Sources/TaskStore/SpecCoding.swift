internal import Foundation
internal import Synchronization
internal import TaskModel

/// How a specification is stored: JSON with sorted keys.
enum SpecCoding {
    static func encode(_ spec: TaskSpec, operation: String) throws(StoreError) -> String {
        var rest = spec
        rest.command = []
        if let frame = frames.withLock({ $0.frame(of: rest) }) { return frame.json(command: spec.command) }
        guard let frame = try makeFrame(of: rest, operation) else { return try json(spec, operation) }
        if frame.isLiteral { frames.withLock { $0.keep(frame) } }
        return frame.json(command: spec.command)
    }

    static func decode(_ data: Data) throws -> TaskSpec {
        let known = data.withUnsafeBytes { bytes in Self.framed(bytes.bindMemory(to: UInt8.self)) }
        return try known ?? decodeWhole(data)
    }

    static func decode(_ text: String) throws -> TaskSpec {
        var text = text
        let known = text.withUTF8 { Self.framed($0) }
        return try known ?? decodeWhole(Data(text.utf8))
    }

    private static func decodeWhole(_ data: Data) throws -> TaskSpec {
        let spec = try JSONDecoder().decode(TaskSpec.self, from: data)
        // A frame costs as much as the reading, and whoever reads tasks that have nothing in common has no use for it.
        if frames.withLock({ $0.isMissedOften() }) {
            var rest = spec
            rest.command = []
            if let frame = try? makeFrame(of: rest, "read a task") { frames.withLock { $0.keep(frame) } }
        }
        return spec
    }

    private static func framed(_ json: UnsafeBufferPointer<UInt8>) -> TaskSpec? {
        let all = frames.withLock { $0.all }
        for frame in all { if let spec = frame.spec(in: json) { return spec } }
        return nil
    }

    private static func makeFrame(of rest: TaskSpec, _ operation: String) throws(StoreError) -> SpecFrame? {
        var marked = rest
        marked.command = [SpecFrame.mark]
        return SpecFrame(rest: rest, marked: try json(marked, operation))
    }

    private static func json(_ spec: TaskSpec, _ operation: String) throws(StoreError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(spec), as: UTF8.self)
        } catch {
            // JSON has no NaN and no infinity.
            throw StoreError(.internal, "a specification has a number that can't be stored", operation: operation)
        }
    }

    private static let frames = Mutex(SpecFrames())
}

/// The frames used last. To look through them takes a fraction of what reading JSON does.
private struct SpecFrames {
    private(set) var all: [SpecFrame] = []
    private var misses = 0

    func frame(of rest: TaskSpec) -> SpecFrame? { all.first { $0.isLiteral && $0.rest == rest } }

    mutating func keep(_ frame: SpecFrame) {
        all.insert(frame, at: 0)
        if all.count > 64 { all.removeLast() }
    }

    /// Every sixteenth time.
    mutating func isMissedOften() -> Bool {
        misses += 1
        return misses % 16 == 0
    }
}
