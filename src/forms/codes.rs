//! Codes of public schemes: 统一社会信用代码, 项目代码, regions, industries.
//! Invariant: what a scheme lets us check is checked, and nothing else is invented.
//! Never: a check digit for the project code; its algorithm is not published where we could read it.

/// A scheme of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// 统一社会信用代码, GB 32100-2015: 18 characters, the last a check.
    Uscc,
    /// 投资项目代码: four groups joined by hyphens, in the form before or since 2020-11-01.
    ProjectCode,
    /// 行政区划代码 of the two cities and their districts.
    Region,
    /// GB/T 4754-2017, manufacturing: two to four digits.
    Industry,
}

/// Why a code is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It does not look like one; zh and en say what one looks like.
    Shape(&'static str, &'static str),
    /// Its check character is wrong; this would be right.
    Check(char),
    /// The table does not have it.
    Unknown(&'static str, &'static str),
}

/// Which of the two schemes a project code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectScheme {
    /// Before 2020-11-01: year, region, industry, type, sequence (4-6-2-2-6).
    Before2020,
    /// 发改投资〔2020〕1439号, GB/T 40058-2021: month, region, department, type, random and check (4-6-2-2-6).
    Current,
}

impl Scheme {
    /// Checks a code.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, code: &str) -> Result<(), Flaw> {
        match self {
            Self::Uscc => uscc(code),
            Self::ProjectCode => project_scheme(code).map(|_| ()),
            Self::Region => region(code).map(|_| ()).ok_or(Flaw::Unknown("区划代码表里的代码，如 `420703`", "a code of the region table, such as `420703`")),
            Self::Industry => industry(code),
        }
    }

    /// The shape as a regular expression, for the schema.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Uscc => "^[0-9ABCDEFGHJKLMNPQRTUWXY]{18}$",
            Self::ProjectCode => "^[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}$",
            Self::Region => "^[0-9]{6}$",
            Self::Industry => "^(1[3-9]|[23][0-9]|4[0-3])[0-9]{0,2}$",
        }
    }
}

/// The characters of GB 32100-2015, in order of value: no I, O, S, V, Z.
const USCC_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_LENGTH: usize = 18;

fn uscc(code: &str) -> Result<(), Flaw> {
    let shape = Flaw::Shape(
        "18 位统一社会信用代码（数字和大写字母，不用 I、O、S、V、Z）",
        "a unified social credit code of 18 digits and capitals without I, O, S, V, Z",
    );
    let (Some(expected), Some(found)) = (uscc_check(code.get(..USCC_LENGTH - 1).unwrap_or("")), code.chars().nth(USCC_LENGTH - 1)) else { return Err(shape) };
    if code.len() != USCC_LENGTH || !found.is_ascii() || !USCC_CHARACTERS.contains(&(found as u8)) {
        return Err(shape);
    }
    if found == expected { Ok(()) } else { Err(Flaw::Check(expected)) }
}

/// The check character of the 17 before it: (31 − Σ value·3^i mod 31) mod 31. A sum of 0 gives 31, which is 0 and not a character of its own.
#[must_use]
pub fn uscc_check(body: &str) -> Option<char> {
    const MODULUS: usize = 31;
    if body.len() != USCC_LENGTH - 1 {
        return None;
    }
    let (mut sum, mut weight) = (0, 1);
    for byte in body.bytes() {
        let value = USCC_CHARACTERS.iter().position(|known| *known == byte)?;
        sum = (sum + value * weight) % MODULUS;
        weight = weight * 3 % MODULUS;
    }
    USCC_CHARACTERS.get((MODULUS - sum) % MODULUS).map(|byte| char::from(*byte))
}

/// Which scheme a project code follows: old ones begin with a year (2015–2020), whose last two digits are no month; current ones with yyMM from 2011.
///
/// # Errors
/// It is neither.
pub fn project_scheme(code: &str) -> Result<ProjectScheme, Flaw> {
    let shape = Flaw::Shape("项目代码，如 `2503-420703-04-01-000000`", "a project code, such as `2503-420703-04-01-000000`");
    let groups: Vec<&str> = code.split('-').collect();
    let digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths != [4, 6, 2, 2, 6] || !groups.iter().all(digits) {
        return Err(shape);
    }
    let time: u16 = groups.first().and_then(|group| group.parse().ok()).unwrap_or(0);
    match (time, time % 100) {
        (2015..=2020, _) => Ok(ProjectScheme::Before2020),
        (2011.., 1..=12) => Ok(ProjectScheme::Current),
        _ => Err(Flaw::Shape(
            "以年份（2015–2020）或年月（2011 起的 yyMM）开头的项目代码",
            "a project code that begins with a year (2015–2020) or with yyMM from 2011",
        )),
    }
}

/// GB/T 2260: the two cities and their districts. 420115 is 江夏, 420113 is 汉南.
const REGIONS: [(&str, &str); 18] = [
    ("420100", "武汉市"),
    ("420102", "江岸区"),
    ("420103", "江汉区"),
    ("420104", "硚口区"),
    ("420105", "汉阳区"),
    ("420106", "武昌区"),
    ("420107", "青山区"),
    ("420111", "洪山区"),
    ("420112", "东西湖区"),
    ("420113", "汉南区"),
    ("420114", "蔡甸区"),
    ("420115", "江夏区"),
    ("420116", "黄陂区"),
    ("420117", "新洲区"),
    ("420700", "鄂州市"),
    ("420702", "梁子湖区"),
    ("420703", "华容区"),
    ("420704", "鄂城区"),
];

/// The name of a region.
#[must_use]
pub fn region(code: &str) -> Option<&'static str> {
    REGIONS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The codes of the region table, in order.
pub fn regions() -> impl Iterator<Item = (&'static str, &'static str)> {
    REGIONS.into_iter()
}

fn industry(code: &str) -> Result<(), Flaw> {
    let manufacturing = code.get(..2).and_then(|division| division.parse::<u8>().ok()).is_some_and(|division| (13..=43).contains(&division));
    if matches!(code.len(), 2..=4) && code.bytes().all(|byte| byte.is_ascii_digit()) && manufacturing {
        return Ok(());
    }
    Err(Flaw::Shape("制造业行业代码：13 至 43 开头的 2 至 4 位数字", "a manufacturing code: 2 to 4 digits that begin with 13 to 43"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_of_a_credit_code_is_that_of_the_standard() {
        assert_eq!(uscc_check("91350100M000100Y4"), Some('3'));
        assert_eq!(Scheme::Uscc.check("91350100M000100Y43"), Ok(()));
        assert_eq!(Scheme::Uscc.check("91420700DEM000014T"), Ok(()));
        assert_eq!(
            Scheme::Uscc.check("91350100M000100Y4Z"),
            Err(Flaw::Shape(
                "18 位统一社会信用代码（数字和大写字母，不用 I、O、S、V、Z）",
                "a unified social credit code of 18 digits and capitals without I, O, S, V, Z"
            ))
        );
        assert_eq!(Scheme::Uscc.check("91420700DEM0000149"), Err(Flaw::Check('T')));
    }

    #[test]
    fn a_sum_of_zero_checks_as_zero() {
        assert_eq!(uscc_check("00000000000000000"), Some('0'));
        let bodies = (0..31).map(|last| format!("9142070000000000{}", char::from(USCC_CHARACTERS[last])));
        let checks: std::collections::BTreeSet<_> = bodies.filter_map(|body| uscc_check(&body)).collect();
        assert_eq!(checks.len(), 31, "each last character has a check of its own");
    }

    #[test]
    fn a_credit_code_of_a_wrong_shape_is_refused() {
        for code in ["", "91420700DEM00001", "91420700dem000014T", "91420700DEM000014TT", "9142070IDEM000014T", "绿色通道绿色", "91420700DEM00001é9"] {
            assert!(matches!(Scheme::Uscc.check(code), Err(Flaw::Shape(..))), "{code}");
        }
    }

    #[test]
    fn the_first_four_digits_tell_the_scheme_of_a_project_code() {
        for (code, expected) in [
            ("2017-420113-36-03-012345", Some(ProjectScheme::Before2020)),
            ("2015-420700-36-03-000001", Some(ProjectScheme::Before2020)),
            ("2011-420703-04-01-000000", Some(ProjectScheme::Current)),
            ("2012-420703-04-01-000000", Some(ProjectScheme::Current)),
            ("2503-420703-04-01-000000", Some(ProjectScheme::Current)),
            ("2013-420703-04-01-000000", None),
            ("2513-420703-04-01-000000", None),
            ("2500-420703-04-01-000000", None),
            ("1912-420703-04-01-000000", None),
            ("2503-420703-04-01-00000", None),
            ("2503420703-04-01-000000", None),
            ("2503-42070x-04-01-000000", None),
            ("", None),
        ] {
            assert_eq!(project_scheme(code).ok(), expected, "{code}");
        }
    }

    #[test]
    fn regions_and_industries_are_looked_up() {
        assert_eq!((region("420115"), region("420113"), region("420703"), region("110000")), (Some("江夏区"), Some("汉南区"), Some("华容区"), None));
        for (code, valid) in
            [("3581", true), ("35", true), ("358", true), ("12", false), ("4410", false), ("35811", false), ("3", false), ("3x", false), ("行业", false)]
        {
            assert_eq!(Scheme::Industry.check(code).is_ok(), valid, "{code}");
        }
    }
}
