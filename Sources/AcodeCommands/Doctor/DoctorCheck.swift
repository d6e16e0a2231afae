/// What one check found.
struct DoctorCheck: Encodable, Equatable {
    /// How good it is.
    enum Status: String, Encodable {
        case ok, warn, fail
    }

    /// What was looked at.
    var name: String
    /// How good it is.
    var status: Status
    /// What was found.
    var detail: String
    /// What to do about it.
    var fix: String?

    static func ok(_ name: String, _ detail: String) -> DoctorCheck {
        DoctorCheck(name: name, status: .ok, detail: detail, fix: nil)
    }

    static func warn(_ name: String, _ detail: String, fix: String?) -> DoctorCheck {
        DoctorCheck(name: name, status: .warn, detail: detail, fix: fix)
    }

    static func fail(_ name: String, _ detail: String, fix: String?) -> DoctorCheck {
        DoctorCheck(name: name, status: .fail, detail: detail, fix: fix)
    }

    private enum CodingKeys: String, CodingKey { case name, status, detail, fix }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(status, forKey: .status)
        try container.encode(detail, forKey: .detail)
        try container.encode(fix, forKey: .fix)
    }
}

/// All that was found.
struct DoctorReport {
    var checks: [DoctorCheck]

    /// Whether nothing keeps `acode` from working.
    var isHealthy: Bool { !checks.contains { $0.status == .fail } }

    /// The table for people; what to do comes under the line it is for.
    func text(usesColor: Bool) -> String {
        let width = checks.map(\.name.displayWidth).max() ?? 0
        let lines = checks.map { check in
            let word = check.status.rawValue.padded(to: 4)
            let shown = usesColor ? Self.style(check.status).apply(to: word) : word
            let fix = check.fix.map { "\n      \(String(repeating: " ", count: width))  fix: \($0.onOneLine)" } ?? ""
            return "\(shown)  \(check.name.padded(to: width))  \(check.detail.onOneLine)\(fix)\n"
        }
        return lines.joined() + "\n\(summary)\n"
    }

    private var summary: String {
        let failures = checks.count { $0.status == .fail }
        let warnings = checks.count { $0.status == .warn }
        if failures > 0 { return "\(failures) to fix, \(warnings) to look at" }
        return warnings > 0 ? "works; \(warnings) to look at" : "all is well"
    }

    private static func style(_ status: DoctorCheck.Status) -> TextStyle {
        switch status {
        case .ok: .good
        case .warn: .attention
        case .fail: .bad
        }
    }
}
