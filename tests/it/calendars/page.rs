//! The operator's pages of the calendar: who sees them, a file chosen or pasted, previewed, confirmed by a form sent in every unlucky way.

use crate::accounts::house::House;
use crate::spine::node::{Where, on_both};

const KEEPER: &str = "ez-zwzx.operator";
const FIELDS: [&str; 7] = ["file", "text", "year", "source", "published", "local", "stamp"];

/// A form with a file, as a browser sends it.
async fn preview(house: &House, cookie: &str, fields: &[(&str, &str)], upload: Option<(&str, &str)>) -> crate::accounts::house::Answer {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    let (file, text) = upload.unwrap_or(("", ""));
    body.push_str(&format!(
        "--edge\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"{file}\"\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--edge--\r\n"
    ));
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=edge")];
    house.send("POST", "/system/calendars/preview", Some(cookie), &headers, Some(body)).await
}

#[test]
fn whatever_befalls_the_forms_of_a_calendar_it_is_in_force_once() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let (app, tenant) = (&house.server.app, house.tenant);
        for login in ["chen", "ez-sthj.head", "ez-ldxz.auditor"] {
            let cookie = house.cookie_of(login).await;
            for path in ["/system/calendars", "/system/calendars/1", "/system/calendars/propose"] {
                let refused = house.get(path, Some(&cookie)).await;
                assert!(refused.status == 403 && refused.body.contains("without_post"), "{login} {path} {}", refused.status);
            }
            assert_eq!(house.post("/system/calendars", Some(&cookie), &[("stamp", "x")]).await.status, 403);
            assert_eq!(preview(&house, &cookie, &[("text", super::YEAR_2027)], None).await.status, 403);
        }
        let cookie = house.cookie_of(KEEPER).await;
        // Every mistake with its place, and what was pasted is still there.
        let wrong = preview(&house, &cookie, &[("text", &super::YEAR_2027.replace("2027-01-31", "2027-01-32").replace("端午节", "端五节"))], None).await;
        assert_eq!(wrong.status, 422, "{}", wrong.body);
        for said in ["pasted.csv:5:1", "pasted.csv:12:15", "2027-01-32", "端五节", "2027-09-15"] {
            assert!(wrong.body.contains(said), "{said}: {}", wrong.body);
        }
        let nothing = preview(&house, &cookie, &[("text", " ")], None).await;
        assert!(nothing.status == 422 && nothing.body.contains("请选择一个文件"), "{}", nothing.body);
        // A chosen file goes before what was pasted; a browser ends lines its own way.
        let pasted = preview(&house, &cookie, &[("text", &super::YEAR_2027.replace('\n', "\r\n"))], None).await;
        let chosen = preview(&house, &cookie, &[("text", "nothing of use")], Some(("2027.csv", super::YEAR_2027))).await;
        assert_eq!((pasted.status, chosen.status), (200, 200), "{} {}", pasted.body, chosen.body);
        assert!(chosen.body.contains("2026.1 → 2027.1") && chosen.body.contains("演示发明电〔2026〕9号"), "{}", chosen.body);
        assert_eq!(pasted.hidden("stamp"), chosen.hidden("stamp"), "the same days, the same calendar");
        assert_eq!(app.known(tenant).await.unwrap().calendars.len(), 1, "a preview writes nothing");
        let hidden: Vec<(&str, String)> =
            FIELDS.iter().map(|name| (*name, chosen.hidden(name).unwrap_or_else(|| panic!("no {name}: {}", chosen.body)))).collect();
        let filled: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // Signed out meanwhile: nothing is done, and what was sent waits behind the sign-in.
        let signed_out = house.post("/system/calendars", None, &filled).await;
        assert!(signed_out.status == 401 && signed_out.body.contains(&hidden[6].1), "{} {}", signed_out.status, signed_out.body);
        // A double click, the back button, an answer lost on its way.
        let (first, second) = tokio::join!(house.post("/system/calendars", Some(&cookie), &filled), house.post("/system/calendars", Some(&cookie), &filled));
        let back = house.post("/system/calendars", Some(&cookie), &filled).await;
        for again in [&first, &second, &back] {
            assert!([303, 422].contains(&again.status), "{} {}", again.status, again.body);
        }
        assert_eq!((back.status, back.location()), (303, Some("/system/calendars/2")));
        let known = app.known(tenant).await.unwrap();
        assert_eq!((known.calendars.len(), known.calendar.version()), (2, "2027.1"));
        // Another window still holds a preview of a calendar that is no longer in force.
        let mut stale: Vec<(&str, &str)> = filled.clone();
        let older = super::YEAR_2027.replace("2027-06-09", "2027-06-08");
        stale[1].1 = &older;
        let stale = house.post("/system/calendars", Some(&cookie), &stale).await;
        assert!(stale.status == 422 && stale.body.contains("请重新预览") && stale.body.contains("2027-06-08"), "{}", stale.body);
        let list = house.get("/system/calendars", Some(&cookie)).await.body;
        assert!(list.contains("2027.1") && list.contains("现行") && list.contains("演示发明电〔2026〕9号"), "{list}");
        let year = house.get("/system/calendars/2?year=2027", Some(&cookie)).await.body;
        assert!(year.contains("<td class=\"worked\">14<b>班</b><span class=\"visually-hidden\"> 春节</span></td>"), "{year}");
        assert!(year.contains("<td class=\"off\">9<b>休</b><span class=\"visually-hidden\"> 端午节</span></td>"), "{year}");
        assert_eq!(house.get("/system/calendars/9", Some(&cookie)).await.status, 404);
    });
}
