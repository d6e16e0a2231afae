/// What the supervisors did about one task.
struct TaskCalls {
    let task: String
    let all: [HistoryRecord]
    /// Claims by attempt; of several of one attempt the first.
    let claims: [HistoryRecord]

    init(_ task: String, _ records: [HistoryRecord]) {
        self.task = task
        all = records
        let claims = records.filter { $0.kind == .claim }.sorted { ($0.attempt, $0.ended) < ($1.attempt, $1.ended) }
        self.claims = claims.enumerated().filter { $0 == 0 || claims[$0 - 1].attempt != $1.attempt }.map(\.element)
    }

    /// What was written or tried to be written for an attempt.
    func writes(of attempt: Int) -> [HistoryRecord] {
        all.filter { $0.attempt == attempt && $0.kind != .claim && $0.kind != .submit }
    }

    /// Two can't have the same attempt, nor the same token.
    var claimedTwice: [HistoryViolation] {
        let claims = all.filter { $0.kind == .claim }
        let attempts = Dictionary(grouping: claims, by: \.attempt).filter { $1.count > 1 }.keys.sorted()
        let tokens = Dictionary(grouping: claims, by: \.token).filter { $1.count > 1 }
        return attempts.map { HistoryViolation(.overlap, task, "attempt \($0) was claimed twice") }
            + tokens.keys.map { HistoryViolation(.overlap, task, "the token \($0) was given twice") }
    }

    /// Writes that were accepted although they began after the attempt's own end was accepted, or after a later attempt
    /// was claimed, or that name a token nobody was given.
    var acceptedWhenOver: [HistoryViolation] {
        all.filter { ($0.kind == .renew || $0.kind == .finish) && $0.isAccepted }.compactMap { write in
            func stale(_ words: String) -> HistoryViolation {
                HistoryViolation(
                    .staleWrite, task, "\(write.kind.rawValue) of attempt \(write.attempt) was accepted \(words)")
            }
            if let later = claims.first(where: { $0.attempt > write.attempt && $0.ended < write.begun }) {
                return stale("after attempt \(later.attempt) was claimed")
            }
            let end = all.first {
                $0.kind == .finish && $0.isAccepted && $0.attempt == write.attempt && $0.ended < write.begun
            }
            if end != nil { return stale("after its end") }
            guard claims.contains(where: { $0.attempt == write.attempt && $0.token == write.token }) else {
                return stale("with a token that nobody was given")
            }
            return nil
        }
    }
}
