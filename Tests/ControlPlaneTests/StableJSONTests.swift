import ControlPlane
import Foundation
import Testing

@Suite("JSON")
struct StableJSONTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_795_000_000.123, "2026-11-18T11:06:40.123Z"),
        (1_795_000_000.9996, "2026-11-18T11:06:41.000Z"),
    ])
    func timesAreWrittenInMilliseconds(seconds: Double, text: String) {
        #expect(StableJSON.text(of: Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test func whatWasReadIsWrittenAgain() throws {
        for milliseconds in 0..<1000 {
            let text = #"["2026-11-18T11:06:40.\#(String(milliseconds + 1000).dropFirst())Z"]"#
            let dates = try StableJSON.decode([Date].self, from: Array(text.utf8))
            #expect(String(decoding: try StableJSON.encode(dates), as: UTF8.self) == text)
        }
    }

    @Test func keysAreSortedAndSlashesStay() throws {
        #expect(
            String(decoding: try StableJSON.encode(["b": "/x", "a": "é"]), as: UTF8.self) == #"{"a":"é","b":"/x"}"#)
    }

    @Test func whatIsNoTimeIsRefused() {
        #expect(throws: DecodingError.self) {
            try StableJSON.decode([Date].self, from: Array(#"["yesterday"]"#.utf8))
        }
    }
}
