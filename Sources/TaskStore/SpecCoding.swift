internal import Foundation
internal import TaskModel

/// How a specification is stored: JSON with sorted keys.
enum SpecCoding {
    static func encode(_ spec: TaskSpec, operation: String) throws(StoreError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(spec), as: UTF8.self)
        } catch {
            // JSON has no NaN and no infinity.
            throw StoreError(.internal, "a specification has a number that can't be stored", operation: operation)
        }
    }

    static func decode(_ data: Data) throws -> TaskSpec { try JSONDecoder().decode(TaskSpec.self, from: data) }
}
