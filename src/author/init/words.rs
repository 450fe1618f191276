//! What members are called that hold something we know: English, pinyin and Chinese.
//!
//! Refuses nothing. A name is cut into words at `_`, `-` and capitals; some words of a name that follow each other, or
//! the whole of it, must be one of those listed.

use super::detect::Kind;

/// Words for one kind of data; the first kind that fits is taken.
pub(super) struct Words {
    pub kind: Kind,
    /// Words of the name that follow each other, written together; long ones, and those of [`ANYWHERE`], within others too.
    pub within: &'static [&'static str],
    /// The whole name, written together.
    pub whole: &'static [&'static str],
    /// Anywhere in the name, or in what people say of it.
    pub chinese: &'static [&'static str],
}

#[rustfmt::skip]
pub(super) const WORDS: &[Words] = &[
    Words {
        kind: Kind::Secret,
        within: &["password", "passwd", "pwd", "secret", "token", "apikey", "privatekey", "cvv", "cvv2", "pin", "otp", "captcha", "mima", "salt"],
        whole: &["mm", "yzm", "yanzhengma"],
        chinese: &["密码", "口令", "验证码", "密钥", "令牌"],
    },
    Words {
        kind: Kind::IdCard,
        within: &["idcard", "idcardno", "idcardnumber", "identitycard", "identityno", "identitynumber", "idno", "idnum", "idnumber",
            "nationalid", "citizenid", "shenfenzheng", "shenfenzhenghao", "sfzh", "sfzhm", "sfz", "gmsfhm", "gmsfzh", "idcode"],
        whole: &["sfzjh", "sfzjhm"],
        chinese: &["身份证", "公民身份号码"],
    },
    Words {
        kind: Kind::OtherId,
        within: &["passport", "passportno", "certno", "certnum", "certnumber", "certificateno", "certificatenumber", "credentialno", "credno",
            "ssn", "socialsecurity", "taxid", "taxno", "taxpayerid", "licenseno", "licenceno", "driverlicense", "plateno", "platenumber",
            "zhengjianhao", "zhengjianhaoma", "zjh", "zjhm", "huzhao", "chepai", "chepaihao", "medicalno", "insuranceno", "socialno"],
        whole: &["zjbh", "shbzh", "cph"],
        chinese: &["证件号", "证号", "护照", "驾驶证", "车牌", "社保号", "社保卡", "医保", "纳税人识别号", "军官证", "通行证", "港澳"],
    },
    Words {
        kind: Kind::Card,
        within: &["bankcard", "bankcardno", "cardno", "cardnum", "cardnumber", "creditcard", "debitcard", "pan", "yinhangka", "yinhangkahao",
            "yhkh", "yhkhm", "kahao"],
        whole: &["kh", "card", "cards"],
        chinese: &["银行卡", "卡号", "信用卡", "借记卡"],
    },
    Words {
        kind: Kind::Account,
        within: &["accountno", "accountnum", "accountnumber", "acctno", "acctnum", "bankaccount", "iban", "zhanghao", "yinhangzhanghao"],
        whole: &["yhzh", "account", "acct"],
        chinese: &["账号", "帐号", "账户号", "帐户号"],
    },
    Words {
        kind: Kind::Birth,
        within: &["birth", "birthday", "birthdate", "dateofbirth", "dob", "chushengriqi", "shengri", "csrq"],
        whole: &["csny", "chushengnianyue"],
        chinese: &["出生", "生日"],
    },
    Words {
        kind: Kind::Mobile,
        within: &["mobile", "mobileno", "cellphone", "phone", "phoneno", "tel", "telno", "telephone", "telnum", "msisdn", "shouji", "shoujihao",
            "shoujihaoma", "sjh", "sjhm", "lxdh", "lianxidianhua", "dianhua", "dianhuahaoma", "dhhm", "fax", "contactno"],
        whole: &["dh", "sj", "jtdh", "gddh", "cell", "contact"],
        chinese: &["手机", "电话", "联系方式", "传真"],
    },
    Words {
        kind: Kind::Email,
        within: &["email", "emailaddress", "mailbox", "dianziyoujian", "youxiang", "dzyj", "dzyx"],
        whole: &["mail", "yx"],
        chinese: &["邮箱", "电子邮件"],
    },
    Words {
        kind: Kind::Ip,
        within: &["ip", "ipaddress", "ipaddr", "ipv4", "ipv6", "clientip", "remoteip"],
        whole: &[],
        chinese: &["IP地址", "IP 地址"],
    },
    Words {
        kind: Kind::Device,
        within: &["imei", "imsi", "macaddress", "macaddr", "deviceid", "openid", "unionid", "idfa", "oaid", "androidid", "shebeihao"],
        whole: &["mac", "uuidofdevice"],
        chinese: &["设备号", "设备标识", "MAC地址"],
    },
    Words {
        kind: Kind::Address,
        within: &["address", "addr", "street", "postcode", "zipcode", "postalcode", "dizhi", "zhuzhi", "lianxidizhi", "jiatingdizhi", "xxdz",
            "txdz", "jtdz", "longitude", "latitude"],
        whole: &["dz", "zz", "zip", "hkszd", "hujidizhi", "jg", "city", "province", "district", "town", "village"],
        chinese: &["地址", "住址", "户籍", "籍贯", "邮编", "邮政编码", "经度", "纬度"],
    },
    Words {
        kind: Kind::Chat,
        within: &["wechat", "weixin", "weixinhao", "whatsapp", "weibo", "wxh"],
        whole: &["qq", "qqno", "qqnumber", "qqh"],
        chinese: &["微信", "微博", "QQ号"],
    },
    Words {
        kind: Kind::Amount,
        within: &["balance", "amount", "salary", "income", "wage", "creditlimit", "loan", "deposit", "debt", "yue", "jine", "gongzi", "shouru",
            "zhye", "jyje", "edu", "asset", "assets", "feiyong", "jiage", "yajin"],
        whole: &["je", "ye", "price", "fee", "fees", "points", "jf", "jifen", "fy"],
        chinese: &["余额", "金额", "工资", "薪", "收入", "额度", "贷款", "存款", "资产", "费用", "价格", "单价", "总价", "押金", "欠款"],
    },
    Words {
        kind: Kind::Private,
        within: &["gender", "sex", "age", "nation", "nationality", "ethnicity", "marital", "maritalstatus", "marriage", "education", "degree",
            "occupation", "religion", "political", "xingbie", "minzu", "hunyin", "xueli", "zhiye", "nianling", "guoji", "employer"],
        whole: &["xb", "mz", "nl", "hyzk", "zzmm", "whcd", "xl", "zy", "gzdw"],
        chinese: &["性别", "年龄", "民族", "婚姻", "学历", "职业", "国籍", "政治面貌", "宗教", "工作单位"],
    },
    Words {
        kind: Kind::Health,
        within: &["diagnosis", "diagnoses", "disease", "symptom", "prescription", "allergy", "allergies", "medication", "medicalhistory",
            "medicalrecord", "bloodtype", "zhenduan", "jibing", "bingli", "bingqing", "bingshi", "guominshi", "chufang", "xuexing"],
        whole: &["zd", "zdmc", "zdbm"],
        chinese: &["诊断", "病情", "病史", "病历", "疾病", "症状", "主诉", "处方", "医嘱", "过敏", "用药", "检验结果", "检查结果", "血型"],
    },
    Words {
        kind: Kind::Name,
        within: &["fullname", "realname", "truename", "custname", "customername", "clientname", "membername", "readername", "patientname",
            "studentname", "employeename", "contactname", "holdername", "ownername", "accountname", "acctname", "cardholder", "payeename",
            "payername", "firstname", "lastname", "middlename", "familyname", "givenname", "surname", "nickname", "legalperson", "xingming",
            "zhenshixingming", "kehuxingming", "kehumingcheng", "lianxiren", "lxr", "khxm", "khmc", "username", "jsrxm"],
        whole: &["name", "names", "xm", "hm", "huming", "mingzi", "family", "given", "lxrxm", "hzxm", "jzrxm", "cname", "namecn", "namezh"],
        chinese: &["姓名", "名字", "户名", "联系人", "客户名称", "持卡人", "法人", "法定代表人", "昵称"],
    },
    Words {
        kind: Kind::Time,
        within: &[],
        whole: &["createdat", "createtime", "createdtime", "createdate", "createddate", "creationtime", "updatedat", "updatetime",
            "updatedtime", "updatedate", "modifytime", "modifiedtime", "lastmodified", "lastupdated", "gmtcreate", "gmtmodified",
            "createdon", "updatedon", "jiuzhenshijian", "yuyueshijian", "guahaoshijian", "jzsj", "yysj", "ghsj", "timestamp", "chuangjianshijian", "gengxinshijian", "cjsj", "gxsj"],
        chinese: &["创建时间", "更新时间", "修改时间", "登记时间", "提交时间", "下单时间", "预约时间", "挂号时间", "就诊时间", "入院时间", "出院时间"],
    },
    Words {
        kind: Kind::Plain,
        within: &[],
        whole: &["status", "state", "type", "kind", "currency", "ccy", "version", "enabled", "active", "deleted", "orderstatus",
            "accountstatus", "accounttype", "cardtype", "phonetype", "branch", "branchcode", "branchname", "orgcode", "orgname", "channel",
            "language", "lang", "resourcetype", "zhuangtai", "leixing", "wangdian", "zt", "lx"],
        chinese: &["状态", "类型", "币种", "版本", "是否启用", "网点", "分行", "支行", "机构号", "机构名称"],
    },
    Words {
        kind: Kind::Id,
        within: &[],
        whole: &["id", "uuid", "customerid", "custid", "clientid", "userid", "memberid", "readerid", "patientid", "studentid", "employeeid",
            "orderid", "recordid", "customerno", "custno", "userno", "memberno", "readerno", "orderno", "serialno", "bianhao", "kehuhao",
            "kehubianhao", "khh", "khbh", "bh", "xh", "xuhao"],
        chinese: &["编号", "客户号", "序号", "主键", "流水号"],
    },
];

/// Words this long mean the same wherever they stand.
const LONG: usize = 9;
/// Shorter ones that do.
const ANYWHERE: &[&str] = &[
    "phone", "mobile", "email", "address", "birth", "idcard", "passport", "password", "passwd",
    "bankcard", "balance", "salary", "shouji", "dianhua", "xingming", "youxiang", "dizhi",
];

/// Names that say nothing without what they stand in: `phones[*].number`.
pub(super) const GENERIC: &[&str] = &[
    "number", "no", "num", "value", "text", "content", "detail", "full", "line1", "line2", "raw",
    "original", "display", "data", "info", "值", "号码", "号", "内容", "haoma", "hao", "zhi",
];

/// Of those, what is a number and no name: below somebody it is theirs, but not their name.
pub(super) const NUMBERS: &[&str] = &["number", "no", "num", "号码", "号", "haoma", "hao"];

/// People to be reached: their numbers are phones.
pub(super) const CONTACTS: &[&str] = &["联系人", "contact", "lianxiren", "lxr"];

/// The name without case, `_` and `-`.
pub(super) fn folded(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// The words of a name, lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| characters.get(at));
        let next = characters.get(at + 1);
        let begins = character.is_uppercase()
            && (before.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit())
                || next.is_some_and(|c| c.is_lowercase()));
        if (begins || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// One of several: `phones` is `phone`.
fn singular(word: &str) -> &str {
    match word.strip_suffix("sses") {
        Some(_) => word.strip_suffix("es").unwrap_or(word),
        None if word.len() > 3 && !word.ends_with("ss") => word.strip_suffix('s').unwrap_or(word),
        None => word,
    }
}

/// The first kind whose words the name has, or else what people say of it.
pub(super) fn kind_of(name: &str, hints: &[String]) -> Option<Kind> {
    let words = words(name);
    let whole = words.concat();
    let one: Vec<&str> = words.iter().map(|word| singular(word)).collect();
    let runs: Vec<String> = (0..one.len())
        .flat_map(|start| {
            let rest = one.get(start..).unwrap_or_default();
            (1..=rest.len().min(4)).map(move |length| rest.iter().take(length).copied().collect())
        })
        .collect();
    let by_name = WORDS.iter().find(|known| {
        known.whole.contains(&whole.as_str())
            || known.whole.contains(&one.concat().as_str())
            || known.chinese.iter().any(|word| name.contains(word))
            || known.within.iter().any(|word| {
                let anywhere = word.len() >= LONG || ANYWHERE.contains(word);
                (anywhere && whole.contains(word)) || runs.iter().any(|run| run == word)
            })
    });
    let said = |known: &&Words| {
        let mut said = hints.iter();
        said.any(|hint| known.chinese.iter().any(|word| hint.contains(word)))
    };
    let found = by_name.or_else(|| WORDS.iter().find(said));
    found.map(|known| known.kind)
}
