/// Warns once when a share of a limit is high and once more only after it was clearly lower in between.
package struct UsageAlarm: Sendable, Equatable {
    /// What a new share of the limit means.
    package enum Change: Sendable, Equatable {
        case raised
        case cleared
    }

    private let raiseAt: Double
    private let clearAt: Double
    private let patience: Int
    private var highInARow = 0
    /// Whether the last word was a warning.
    package private(set) var isRaised = false

    /// Warns when `patience` shares in a row are at `percent` of the limit, and clears ten points below.
    package init(percent: Int, patience: Int = 1) {
        raiseAt = Double(percent) / 100
        clearAt = raiseAt - 0.1
        self.patience = patience
    }

    /// Takes the newest share (0…1 of the limit).
    package mutating func take(share: Double) -> Change? {
        highInARow = share >= raiseAt ? min(highInARow + 1, patience) : 0
        if !isRaised, highInARow >= patience {
            isRaised = true
            return .raised
        }
        if isRaised, share < clearAt {
            isRaised = false
            return .cleared
        }
        return nil
    }
}
