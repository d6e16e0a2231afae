internal import TaskModel

/// Which image a waiting task names, as a text that is never absent, so that one index has them all in order.
enum PostgresLane {
    /// That of tasks that name no image sorts before all others, and is no other's.
    static func of(image: String?) -> String { image.map { ":" + StoredText.clean($0) } ?? "" }

    /// Those that a claim names, taken or not.
    static func named(by choice: ImageChoice) -> [String] {
        switch choice {
        case .any: []
        // Each once, or a task would be found twice.
        case .only(let images), .allBut(let images): Set(images.map { of(image: $0) }).sorted()
        }
    }
}
